using Gateway.Core.Broadcast;
using StackExchange.Redis;

namespace Gateway.Redis;

/// <summary>
/// The channels of one server that this replica listens to, kept standing whatever happens to the connection. The client library subscribes again by itself
/// after most failures. But where it finds no connection it takes a subscription without making it, and says nothing; so each is looked after here.
/// </summary>
internal sealed class RedisChannels(ISubscriber subscriber, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    // Guarded by itself. The library is called under the lock, which keeps its order to ours; it does not wait there.
    private readonly Dictionary<string, Action<RedisChannel, RedisValue>> _standing = new(StringComparer.Ordinal);

    /// <summary>Completes when the subscription stands.</summary>
    /// <exception cref="BackplaneException">It did not come to stand in time.</exception>
    public async Task AddAsync(string channel, Action<RedisChannel, RedisValue> handler)
    {
        var began = time.GetTimestamp();
        Task asked;
        lock (_standing)
        {
            _standing.Add(channel, handler);
            asked = subscriber.SubscribeAsync(channel, handler);
        }
        while (true)
        {
            try
            {
                await asked.WaitAsync(Limit, time);
                if (subscriber.SubscribedEndpoint(channel) != null) return;
            }
            catch (Exception fault) when (RedisConnection.IsAway(fault))
            {
                // Tried again until the time is over.
            }
            if (time.GetElapsedTime(began) > Limit)
            {
                await RemoveAsync(channel, handler);
                throw new BackplaneException("Redis: no subscription");
            }
            await Task.Delay(Pause, time);
            lock (_standing)
            {
                if (!Stands(channel, handler)) return; // nobody wants it any more
                asked = AgainLocked(channel, handler);
            }
        }
    }

    /// <summary>Completes when the server has heard of it, or cannot be told.</summary>
    public async Task RemoveAsync(string channel, Action<RedisChannel, RedisValue> handler)
    {
        Task forgotten;
        lock (_standing)
        {
            if (!Stands(channel, handler)) return;
            _standing.Remove(channel);
            forgotten = ForgetLocked(channel, handler);
        }
        await Task.WhenAny(forgotten, Task.Delay(Limit, time));
    }

    /// <summary>Makes the subscriptions again that the library has lost, and completes when all that it was asked for so far stands.</summary>
    public async Task MendAsync(TimeSpan limit)
    {
        lock (_standing)
            foreach (var (channel, handler) in _standing)
                if (subscriber.SubscribedEndpoint(channel) == null)
                    _ = AgainLocked(channel, handler).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        await FenceAsync(limit);
    }

    /// <summary>Completes when every message that the server had sent before has been handed to its handler: the answer comes behind them, on the same connection.</summary>
    public Task FenceAsync(TimeSpan limit) => subscriber.PingAsync().WaitAsync(limit, time);

    private bool Stands(string channel, Action<RedisChannel, RedisValue> handler) => _standing.TryGetValue(channel, out var standing) && standing == handler;

    private Task AgainLocked(string channel, Action<RedisChannel, RedisValue> handler)
    {
        _ = ForgetLocked(channel, handler); // or the library would have the handler twice
        return subscriber.SubscribeAsync(channel, handler);
    }

    /// <returns>A task that does not fail.</returns>
    private Task ForgetLocked(string channel, Action<RedisChannel, RedisValue> handler)
    {
        try
        {
            return subscriber.UnsubscribeAsync(channel, handler).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }
        catch (Exception fault) when (RedisConnection.IsAway(fault))
        {
            return Task.CompletedTask; // there is no connection that could know of the subscription
        }
    }
}
