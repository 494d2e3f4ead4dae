namespace Gateway.Redis.Servers;

/// <summary>
/// A subscription that is made on first use. Concurrent callers wait for the same attempt; after a failed attempt the next caller starts
/// another.
/// </summary>
internal sealed class LazySubscription(RedisChannels channels, string channel, ChannelMessageHandler handler)
{
    // Guards the field below.
    private readonly Lock _lock = new();
    private Task? _attempt;

    /// <summary>Completes when the subscription is active.</summary>
    /// <exception cref="Core.Broadcast.BackplaneException">The subscription did not become active in time.</exception>
    public Task EnsureSubscribedAsync()
    {
        lock (_lock)
        {
            if (_attempt is null or { IsFaulted: true } or { IsCanceled: true }) _attempt = channels.SubscribeAsync(channel, handler);
            return _attempt;
        }
    }
}
