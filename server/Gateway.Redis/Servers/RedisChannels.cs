using Gateway.Core.Broadcast;
using StackExchange.Redis;

namespace Gateway.Redis.Servers;

/// <summary>Handles a message of a channel. Each message has a byte array of its own, which the handler may keep.</summary>
/// <returns>False if the message cannot be read: it has another version, or is not the gateway's.</returns>
internal delegate bool ChannelMessageHandler(ReadOnlyMemory<byte> message);

/// <summary>
/// This replica's subscriptions on one server. They stay active whatever happens to the connection. The client library resubscribes by
/// itself after most failures. Without a connection, however, it accepts a subscription and never makes it; <see cref="ResubscribeAsync"/>
/// repairs that. When the link is replaced, all subscriptions move to the new link and messages of the old link are discarded, so no
/// message arrives twice.
/// </summary>
internal sealed class RedisChannels(RedisEvents events, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(20);

    // Guards the fields below. The library is called under the lock, so its calls keep our order; the calls do not block.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private RedisLink? _link;

    /// <summary>Completes when the subscription is active.</summary>
    /// <exception cref="BackplaneException">The subscription did not become active in time.</exception>
    public async Task SubscribeAsync(string channel, ChannelMessageHandler handler)
    {
        var start = time.GetTimestamp();
        Task subscribing;
        Subscription subscription;
        lock (_lock)
        {
            _subscriptions.Add(channel, subscription = new Subscription(channel, handler, LinkLocked(), events));
            subscribing = SubscribeLocked(subscription);
        }
        while (true)
        {
            try
            {
                await subscribing.WaitAsync(Timeout, time, subscription.Link.Closing);
                if (subscription.IsActive) return;
            }
            catch (Exception fault) when (RedisLink.IsUnavailable(fault))
            {
                // Retried until the timeout.
            }
            if (time.GetElapsedTime(start) > Timeout)
            {
                await UnsubscribeAsync(channel, handler);
                throw new BackplaneException("Redis did not confirm a subscription in time");
            }
            await Task.Delay(RetryInterval, time);
            lock (_lock)
            {
                if (FindLocked(channel, handler) is not { } current) return; // unsubscribed meanwhile
                if (current == subscription) _ = UnsubscribeLocked(subscription); // otherwise the library would hold it twice
                subscription = current;
                subscribing = SubscribeLocked(subscription);
            }
        }
    }

    /// <summary>Completes when the server has confirmed the command, or after a timeout.</summary>
    public async Task UnsubscribeAsync(string channel, ChannelMessageHandler handler)
    {
        Task unsubscribing;
        lock (_lock)
        {
            if (FindLocked(channel, handler) is not { } subscription) return;
            _subscriptions.Remove(channel);
            unsubscribing = UnsubscribeLocked(subscription);
        }
        await Task.WhenAny(unsubscribing, Task.Delay(Timeout, time));
    }

    /// <summary>Makes all subscriptions on this link and drops those of the previous link. A later fence comes after all of them.</summary>
    public void MoveTo(RedisLink link)
    {
        lock (_lock)
        {
            _link = link;
            foreach (var (channel, old) in _subscriptions.ToList())
            {
                var subscription = _subscriptions[channel] = new Subscription(channel, old.Handler, link, events);
                _ = SubscribeLocked(subscription).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Renews the subscriptions that the library has lost. Completes when all subscriptions requested so far are active.</summary>
    public async Task ResubscribeAsync(TimeSpan limit)
    {
        lock (_lock)
        {
            foreach (var subscription in _subscriptions.Values.Where(s => !s.IsActive))
            {
                _ = UnsubscribeLocked(subscription);
                _ = SubscribeLocked(subscription).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
            }
        }
        await FenceAsync(limit);
    }

    /// <summary>
    /// Completes when every message that the server had sent before this call has been handled: the reply to a ping comes after them on
    /// the same connection.
    /// </summary>
    public Task FenceAsync(TimeSpan limit)
    {
        RedisLink link;
        lock (_lock) link = LinkLocked();
        return RedisLink.ObserveFault(link.Subscriber.PingAsync()).WaitAsync(limit, time, link.Closing);
    }

    private RedisLink LinkLocked() => _link ?? throw new BackplaneException("Redis is not connected yet");

    private Subscription? FindLocked(string channel, ChannelMessageHandler handler) =>
        _subscriptions.TryGetValue(channel, out var subscription) && subscription.Handler == handler ? subscription : null;

    private static Task SubscribeLocked(Subscription subscription)
    {
        try
        {
            return subscription.Link.Subscriber.SubscribeAsync(subscription.Channel, subscription.OnMessageDelegate);
        }
        catch (Exception fault) when (RedisLink.IsUnavailable(fault))
        {
            return Task.FromException(fault);
        }
    }

    /// <returns>A task that never fails.</returns>
    private static Task UnsubscribeLocked(Subscription subscription)
    {
        try
        {
            return subscription.Link.Subscriber.UnsubscribeAsync(subscription.Channel, subscription.OnMessageDelegate)
                .ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }
        catch (Exception fault) when (RedisLink.IsUnavailable(fault))
        {
            return Task.CompletedTask; // without a connection, no server knows of the subscription
        }
    }

    /// <summary>
    /// One subscription on one link. If a handler throws, the message is counted as unreadable and the next one is handled.
    /// </summary>
    private sealed class Subscription(string name, ChannelMessageHandler handler, RedisLink link, RedisEvents events)
    {
        private Action<RedisChannel, RedisValue>? _onMessageDelegate;

        public RedisLink Link => link;
        public ChannelMessageHandler Handler => handler;

        /// <summary>Never a pattern, whatever the name contains.</summary>
        public RedisChannel Channel { get; } = new(name, RedisChannel.PatternMode.Literal);

        /// <summary>The same instance every time: the library identifies the subscription by it.</summary>
        public Action<RedisChannel, RedisValue> OnMessageDelegate => _onMessageDelegate ??= OnMessage;

        public bool IsActive => link.Subscriber.SubscribedEndpoint(Channel) != null;

        private void OnMessage(RedisChannel channel, RedisValue value)
        {
            if (link.IsRetired) return;
            link.BeginMessage();
            try
            {
                if (!handler((byte[]?)value)) events.ReportUnreadable(name, null);
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
