using System.Threading.Channels;
using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.Redis.Presence;

/// <summary>
/// This replica's presence on one Redis server. One loop sends heartbeats. Another writes what could not be written, removes users whose
/// grace has ended, and removes the members of dead replicas.
/// </summary>
internal sealed partial class PresenceServer(
    ReplicaLease lease, PresenceWriter writer, PresenceIndex index, PresenceRooms rooms, DeadReplicaReaper reaper, Channel<bool> work,
    Supervisor supervisor, TimeProvider time, ILogger<PresenceServer> logger) : IDisposable
{
    /// <summary>How many rooms are processed at the same time.</summary>
    public static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = 16 };

    private readonly CancellationTokenSource _stop = new();
    private readonly SupervisedLoop _leaseLoop = supervisor.Loop("presence_lease");
    private readonly SupervisedLoop _workLoop = supervisor.Loop("presence_work");
    private readonly UnknownLeases _unknownLeases = new();
    private Task _heartbeatLoopTask = Task.CompletedTask;
    private Task _workLoopTask = Task.CompletedTask;
    private Task _reaperTask = Task.CompletedTask; // used by the work loop only
    private HeartbeatResult? _lastHeartbeat; // accessed with Interlocked

    public ReplicaLease Lease => lease;

    public PresenceWriter Writer => writer;

    /// <summary>Completes after the first heartbeat, or when Redis turns out to be unavailable.</summary>
    public async Task StartAsync()
    {
        await SendHeartbeatAsync();
        await WorkAsync();
        _heartbeatLoopTask = _leaseLoop.EveryAsync(lease.HeartbeatInterval, _ => SendHeartbeatAsync(), _stop.Token);
        _workLoopTask = RunWorkLoopAsync();
    }

    /// <summary>Releases the lease. The users of this replica may reconnect to another one.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_heartbeatLoopTask, _workLoopTask);
        await _reaperTask;
        await writer.LeaveAllAsync();
        try
        {
            await lease.ReleaseAsync();
        }
        catch (BackplaneException fault)
        {
            Log.NotReleased(logger, fault.Message); // the others find it expired
        }
    }

    /// <inheritdoc cref="Gateway.Core.Presence.IPresenceStore.ContainsAsync"/>
    public Task<bool> HasAsync(string room, string userId)
    {
        ThrowIfUnavailable();
        return rooms.HasAsync(room, userId);
    }

    /// <inheritdoc cref="Gateway.Core.Presence.IPresenceStore.ListAsync"/>
    public async Task<IReadOnlyList<PresenceMember>> ListAsync(string room)
    {
        ThrowIfUnavailable();
        var (members, leases) = await rooms.ListAsync(room);
        foreach (var unknown in leases.Where(l => !lease.IsKnown(l))) _unknownLeases.Add(room, unknown);
        return members;
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>What Redis has may be incomplete while it could not be written.</summary>
    private void ThrowIfUnavailable()
    {
        if (writer.IsUnavailable) throw new BackplaneException("Redis is unavailable");
    }

    private async Task SendHeartbeatAsync()
    {
        try
        {
            var heartbeat = await lease.SendHeartbeatAsync();
            _unknownLeases.CountHeartbeat();
            // Keep what the work loop has not processed yet.
            if (Interlocked.Exchange(ref _lastHeartbeat, null) is { } unprocessed)
            {
                heartbeat = heartbeat with
                {
                    IsNew = heartbeat.IsNew || unprocessed.IsNew,
                    DataLost = heartbeat.DataLost || unprocessed.DataLost,
                };
            }
            Volatile.Write(ref _lastHeartbeat, heartbeat);
            work.Writer.TryWrite(true);
        }
        catch (BackplaneException fault)
        {
            writer.MarkUnavailable(fault);
        }
        catch (Exception fault)
        {
            _leaseLoop.Report(fault);
        }
    }

    private async Task RunWorkLoopAsync()
    {
        using var due = time.CreateTimer(
            static work => ((Channel<bool>)work!).Writer.TryWrite(true), work, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await _workLoop.RunAsync(
            async stop =>
            {
                if (!await work.Reader.WaitToReadAsync(stop)) return false;
                work.Reader.TryRead(out _);
                if (await WorkAsync()) due.Change(index.GetTimeToNextDue() ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return true;
            },
            _stop.Token);
    }

    /// <returns>False if it failed: it is retried after the next heartbeat.</returns>
    private async Task<bool> WorkAsync()
    {
        try
        {
            var heartbeat = Interlocked.Exchange(ref _lastHeartbeat, null);
            if (heartbeat != null) await writer.WritePendingAsync(heartbeat.IsNew, heartbeat.DataLost);
            if (writer.IsUnavailable) return false;
            await Parallel.ForEachAsync(
                index.GetDueRooms(),
                Parallelism,
                async (due, _) => index.CompleteCheck(due.Room, due.Version, await rooms.ExpireAsync(due.Room)));
            foreach (var (room, unknown) in _unknownLeases.TakeConfirmed(lease.IsKnown))
                await rooms.RemoveLeaseAsync(room, unknown, TimeSpan.Zero);
            if (heartbeat != null && _reaperTask.IsCompleted) _reaperTask = reaper.RunAsync(heartbeat);
            return true;
        }
        catch (BackplaneException fault)
        {
            writer.MarkUnavailable(fault);
        }
        catch (Exception fault)
        {
            _workLoop.Report(fault);
        }
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Information,
            "The presence lease could not be released in Redis. The other replicas end it when it expires: {Fault}")]
        public static partial void NotReleased(ILogger logger, string fault);
    }
}
