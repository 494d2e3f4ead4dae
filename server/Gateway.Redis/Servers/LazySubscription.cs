namespace Gateway.Redis.Servers;

/// <summary>
/// A channel of this replica's own that is listened to from its first use on. Whoever comes while the subscription is being made waits for the same attempt; after an attempt
/// that failed, the next caller begins another.
/// </summary>
internal sealed class LazySubscription(RedisChannels channels, string channel, ReadChannel read)
{
    // Guards what follows.
    private readonly Lock _lock = new();
    private Task? _attempt;

    /// <summary>Completes when the subscription stands.</summary>
    /// <exception cref="Core.Broadcast.BackplaneException">It did not come to stand in time.</exception>
    public Task EnsureAsync()
    {
        lock (_lock)
        {
            if (_attempt is null or { IsFaulted: true } or { IsCanceled: true }) _attempt = channels.AddAsync(channel, read);
            return _attempt;
        }
    }
}
