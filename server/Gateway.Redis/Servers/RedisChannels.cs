using Gateway.Core.Broadcast;
using StackExchange.Redis;

namespace Gateway.Redis.Servers;

/// <summary>Reads a message of a channel. It does not keep the bytes' array from anyone: each message has its own.</summary>
/// <returns>False if the message cannot be read: it is of another version, or not the gateway's.</returns>
internal delegate bool ReadChannel(ReadOnlyMemory<byte> message);

/// <summary>
/// The channels of one server that this replica listens to, kept standing whatever happens to the connection. The client library subscribes again by itself
/// after most failures. But where it finds no connection it takes a subscription without making it, and says nothing; so each is looked after here.
/// When the link is replaced all subscriptions move to the new one, and what the old one still brings is discarded: nobody gets a message from both.
/// </summary>
internal sealed class RedisChannels(RedisEvents events, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    // Guards what follows. The library is called under the lock, which keeps its order to ours; it does not wait there.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Listener> _standing = new(StringComparer.Ordinal);
    private RedisLink? _link;

    /// <summary>Completes when the subscription stands.</summary>
    /// <exception cref="BackplaneException">It did not come to stand in time.</exception>
    public async Task AddAsync(string channel, ReadChannel read)
    {
        var began = time.GetTimestamp();
        Task asked;
        Listener listener;
        lock (_lock)
        {
            _standing.Add(channel, listener = new Listener(channel, read, LinkLocked(), events));
            asked = SubscribeLocked(listener);
        }
        while (true)
        {
            try
            {
                await asked.WaitAsync(Limit, time, listener.Link.Closing);
                if (listener.Stands) return;
            }
            catch (Exception fault) when (RedisLink.IsAway(fault))
            {
                // Tried again until the time is over.
            }
            if (time.GetElapsedTime(began) > Limit)
            {
                await RemoveAsync(channel, read);
                throw new BackplaneException("Redis: no subscription");
            }
            await Task.Delay(Pause, time);
            lock (_lock)
            {
                if (FindLocked(channel, read) is not { } current) return; // nobody wants it any more
                if (current == listener) _ = UnsubscribeLocked(listener); // or the library would have it twice
                listener = current;
                asked = SubscribeLocked(listener);
            }
        }
    }

    /// <summary>Completes when the server has heard of it, or cannot be told.</summary>
    public async Task RemoveAsync(string channel, ReadChannel read)
    {
        Task forgotten;
        lock (_lock)
        {
            if (FindLocked(channel, read) is not { } listener) return;
            _standing.Remove(channel);
            forgotten = UnsubscribeLocked(listener);
        }
        await Task.WhenAny(forgotten, Task.Delay(Limit, time));
    }

    /// <summary>Makes all subscriptions on this link, and nowhere else. The server hears of them in order: a fence comes behind them.</summary>
    public void MoveTo(RedisLink link)
    {
        lock (_lock)
        {
            _link = link;
            foreach (var (channel, old) in _standing.ToList())
            {
                var listener = _standing[channel] = new Listener(channel, old.Read, link, events);
                _ = SubscribeLocked(listener).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Makes the subscriptions again that the library has lost, and completes when all that it was asked for so far stands.</summary>
    public async Task MendAsync(TimeSpan limit)
    {
        lock (_lock)
        {
            foreach (var listener in _standing.Values.Where(l => !l.Stands))
            {
                _ = UnsubscribeLocked(listener);
                _ = SubscribeLocked(listener).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
            }
        }
        await FenceAsync(limit);
    }

    /// <summary>Completes when every message that the server had sent before has been handed to its handler: the answer comes behind them, on the same connection.</summary>
    public Task FenceAsync(TimeSpan limit)
    {
        RedisLink link;
        lock (_lock) link = LinkLocked();
        return RedisLink.Observed(link.Subscriber.PingAsync()).WaitAsync(limit, time, link.Closing);
    }

    private RedisLink LinkLocked() => _link ?? throw new BackplaneException("Redis is not connected yet");

    private Listener? FindLocked(string channel, ReadChannel read) => _standing.TryGetValue(channel, out var listener) && listener.Read == read ? listener : null;

    private static Task SubscribeLocked(Listener listener)
    {
        try
        {
            return listener.Link.Subscriber.SubscribeAsync(listener.Channel, listener.Handler);
        }
        catch (Exception fault) when (RedisLink.IsAway(fault))
        {
            return Task.FromException(fault);
        }
    }

    /// <returns>A task that does not fail.</returns>
    private static Task UnsubscribeLocked(Listener listener)
    {
        try
        {
            return listener.Link.Subscriber.UnsubscribeAsync(listener.Channel, listener.Handler).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }
        catch (Exception fault) when (RedisLink.IsAway(fault))
        {
            return Task.CompletedTask; // there is no connection that could know of the subscription
        }
    }

    /// <summary>One subscription on one link. A handler's failure is the message's: it is counted, and the next one is read.</summary>
    private sealed class Listener(string name, ReadChannel read, RedisLink link, RedisEvents events)
    {
        private Action<RedisChannel, RedisValue>? _handler;

        public RedisLink Link => link;
        public ReadChannel Read => read;

        /// <summary>Never a pattern, whatever the name contains.</summary>
        public RedisChannel Channel { get; } = new(name, RedisChannel.PatternMode.Literal);

        /// <summary>Always the same one: by it the library knows the subscription.</summary>
        public Action<RedisChannel, RedisValue> Handler => _handler ??= OnMessage;

        public bool Stands => link.Subscriber.SubscribedEndpoint(Channel) != null;

        private void OnMessage(RedisChannel channel, RedisValue value)
        {
            if (link.IsRetired) return;
            link.BeginMessage();
            try
            {
                if (!read((byte[]?)value)) events.ReportUnreadable(name, null);
            }
            catch (Exception fault)
            {
                events.ReportUnreadable(name, fault);
            }
            finally
            {
                link.EndMessage();
            }
        }
    }
}
