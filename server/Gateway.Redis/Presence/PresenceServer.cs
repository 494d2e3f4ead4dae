using System.Threading.Channels;
using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.Redis.Presence;

/// <summary>
/// The rosters of the rooms that live on one Redis server, as this replica takes part in them. One loop gives signs of life; another makes up for what could not be
/// written, and tells who did not come back; and what dead replicas leave is cleared up beside them.
/// </summary>
internal sealed partial class PresenceServer(
    Lease lease, PresenceWriter book, PresenceIndex index, PresenceRooms rooms, DeadReplicaReaper clearance, Channel<bool> work, Supervisor supervisor, TimeProvider time,
    ILogger<PresenceServer> logger) : IDisposable
{
    /// <summary>Rooms that are looked after at a time.</summary>
    public static readonly ParallelOptions SomeAtOnce = new() { MaxDegreeOfParallelism = 16 };

    private readonly CancellationTokenSource _stop = new();
    private readonly SupervisedLoop _leaseLoop = supervisor.Loop("presence_lease");
    private readonly SupervisedLoop _workLoop = supervisor.Loop("presence_work");
    private readonly UnknownLeases _suspects = new();
    private Task _signing = Task.CompletedTask;
    private Task _working = Task.CompletedTask;
    private Task _clearing = Task.CompletedTask; // the working loop's own
    private HeartbeatResult? _sighted; // taken and put by Interlocked

    public Lease Lease => lease;

    public PresenceWriter Book => book;

    /// <summary>Completes when the first sign is given, or Redis turned out to be away.</summary>
    public async Task StartAsync()
    {
        await SignAsync();
        await WorkAsync();
        _signing = _leaseLoop.EveryAsync(lease.Interval, _ => SignAsync(), _stop.Token);
        _working = KeepWorkingAsync();
    }

    /// <summary>Gives back the lease: the users who are still here may come back on another replica.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_signing, _working);
        await _clearing;
        await book.LeaveAllAsync();
        try
        {
            await lease.EndOwnAsync();
        }
        catch (BackplaneException fault)
        {
            Log.NotEnded(logger, fault.Message); // the others will notice
        }
    }

    /// <inheritdoc cref="Gateway.Core.Presence.IPresenceStore.ContainsAsync"/>
    public Task<bool> HasAsync(string room, string userId) => book.IsAway ? throw new BackplaneException("Redis is away") : rooms.HasAsync(room, userId);

    /// <inheritdoc cref="Gateway.Core.Presence.IPresenceStore.ListAsync"/>
    public async Task<IReadOnlyList<PresenceMember>> ListAsync(string room)
    {
        if (book.IsAway) throw new BackplaneException("Redis is away"); // what is there may not be all
        var (members, leases) = await rooms.ListAsync(room);
        foreach (var unknown in leases.Where(l => !lease.Knows(l))) _suspects.Add(room, unknown);
        return members;
    }

    public void Dispose() => _stop.Dispose();

    private async Task SignAsync()
    {
        try
        {
            var sighting = await lease.SignAsync();
            _suspects.CountSighting();
            // What the working loop has not seen yet stays true.
            if (Interlocked.Exchange(ref _sighted, null) is { } unseen) sighting = sighting with { IsNew = sighting.IsNew || unseen.IsNew, DataLost = sighting.DataLost || unseen.DataLost };
            Volatile.Write(ref _sighted, sighting);
            work.Writer.TryWrite(true);
        }
        catch (BackplaneException fault)
        {
            book.GoAway(fault);
        }
        catch (Exception fault)
        {
            _leaseLoop.Report(fault);
        }
    }

    private async Task KeepWorkingAsync()
    {
        using var due = time.CreateTimer(static work => ((Channel<bool>)work!).Writer.TryWrite(true), work, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await _workLoop.RunAsync(
            async stop =>
            {
                if (!await work.Reader.WaitToReadAsync(stop)) return false;
                work.Reader.TryRead(out _);
                if (await WorkAsync()) due.Change(index.NextDue() ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return true;
            },
            _stop.Token);
    }

    /// <returns>False if it did not go through: it is tried again after the next sign.</returns>
    private async Task<bool> WorkAsync()
    {
        try
        {
            var sighted = Interlocked.Exchange(ref _sighted, null);
            if (sighted != null) await book.CatchUpAsync(sighted.IsNew, sighted.DataLost);
            if (book.IsAway) return false;
            await Parallel.ForEachAsync(index.Due(), SomeAtOnce, async (due, _) => index.Looked(due.Room, due.Version, await rooms.ExpireAsync(due.Room)));
            foreach (var (room, unknown) in _suspects.Take(lease.Knows)) await rooms.ClearAsync(room, unknown, TimeSpan.Zero);
            if (sighted != null && _clearing.IsCompleted) _clearing = clearance.RunAsync(sighted);
            return true;
        }
        catch (BackplaneException fault)
        {
            book.GoAway(fault);
        }
        catch (Exception fault)
        {
            _workLoop.Report(fault);
        }
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Information, "The lease could not be given back, the other replicas will find it over: {Fault}")]
        public static partial void NotEnded(ILogger logger, string fault);
    }
}
