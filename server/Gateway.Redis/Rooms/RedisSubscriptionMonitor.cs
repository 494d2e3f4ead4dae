using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Looks after what comes from one Redis server: whether all subscriptions stand, and whether every room has come as far here as there. At regular times, and at once
/// when the connection is back, or another one stands in its place.
/// </summary>
internal sealed class RedisSubscriptionMonitor : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly RedisConnection _server;
    private readonly RoomStore _store;
    private readonly Func<IEnumerable<KeyValuePair<string, RoomSubscription>>> _feeds;
    private readonly IBackplaneReceiver _receiver;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Task _running;
    private int _restored; // by Interlocked

    /// <param name="feeds">The rooms of this server.</param>
    public RedisSubscriptionMonitor(RedisConnection server, RoomStore store, Func<IEnumerable<KeyValuePair<string, RoomSubscription>>> feeds, IBackplaneReceiver receiver, Supervisor supervisor)
    {
        _server = server;
        _store = store;
        _feeds = feeds;
        _receiver = receiver;
        _server.Restored += Wake;
        _running = supervisor.Loop("redis_watch").RunAsync(WaitAndLookAsync, _stop.Token);
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
        catch (Exception over) when (over is SemaphoreFullException or ObjectDisposedException)
        {
            // It is to look anyway, or there is no need any more.
        }
    }

    private async Task<bool> WaitAndLookAsync(CancellationToken stop)
    {
        await _wake.WaitAsync(Interval, stop);
        await LookAsync();
        return true;
    }

    private async Task LookAsync()
    {
        try
        {
            await _server.Channels.MendAsync(Limit);
            if (Interlocked.Exchange(ref _restored, 0) == 1)
                foreach (var (room, _) in _feeds()) _receiver.OnAnnouncementsLost(room); // they are kept nowhere, so they cannot be read again
            var looked = await Task.WhenAll(_feeds().Select(async feed => (Feed: feed.Value, Before: feed.Value.Last, Head: await _store.PositionAsync(feed.Key))));
            await _server.Channels.FenceAsync(Limit);
            foreach (var (feed, before, head) in looked) feed.Check(before, head);
        }
        catch (Exception fault) when (fault is BackplaneException || RedisConnection.IsAway(fault))
        {
            // Away again: looked after at the next time.
        }
    }
}
