using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Checks what arrives from one Redis server: whether all subscriptions are active, and whether this replica has reached every room's
/// position. It checks at intervals, and at once when the connection is restored or replaced.
/// </summary>
internal sealed class RedisSubscriptionMonitor : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly RedisConnection _server;
    private readonly RoomStore _store;
    private readonly Func<IEnumerable<KeyValuePair<string, RoomSubscription>>> _subscriptions;
    private readonly IBackplaneReceiver _receiver;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Task _running;
    private int _restored; // accessed with Interlocked and Volatile

    /// <param name="server">The server.</param>
    /// <param name="store">The rooms in Redis.</param>
    /// <param name="subscriptions">The subscriptions to rooms of this server.</param>
    /// <param name="receiver">Learns that announcements were lost.</param>
    /// <param name="supervisor">Runs the loop.</param>
    public RedisSubscriptionMonitor(
        RedisConnection server, RoomStore store, Func<IEnumerable<KeyValuePair<string, RoomSubscription>>> subscriptions,
        IBackplaneReceiver receiver, Supervisor supervisor)
    {
        _server = server;
        _store = store;
        _subscriptions = subscriptions;
        _receiver = receiver;
        _server.Restored += Wake;
        _running = supervisor.Loop("redis_watch").RunAsync(WaitAndCheckAsync, _stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _server.Restored -= Wake;
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _wake.Dispose();
    }

    private void Wake()
    {
        Volatile.Write(ref _restored, 1);
        try
        {
            _wake.Release();
        }
        catch (Exception fault) when (fault is SemaphoreFullException or ObjectDisposedException)
        {
            // A check is due anyway, or the loop has ended.
        }
    }

    private async Task<bool> WaitAndCheckAsync(CancellationToken stop)
    {
        await _wake.WaitAsync(Interval, stop);
        await CheckAsync();
        return true;
    }

    private async Task CheckAsync()
    {
        try
        {
            await _server.Channels.ResubscribeAsync(Limit);
            if (Interlocked.Exchange(ref _restored, 0) == 1)
                foreach (var (room, _) in _subscriptions()) _receiver.OnAnnouncementsLost(room); // announcements have no history
            var checks = await Task.WhenAll(_subscriptions().Select(async entry =>
                (Subscription: entry.Value, Before: entry.Value.Last, Head: await _store.GetPositionAsync(entry.Key))));
            await _server.Channels.FenceAsync(Limit);
            foreach (var (subscription, before, head) in checks) subscription.CheckPosition(before, head);
        }
        catch (Exception fault) when (fault is BackplaneException || RedisConnection.IsUnavailable(fault))
        {
            // Unavailable again: the next check follows.
        }
    }
}
