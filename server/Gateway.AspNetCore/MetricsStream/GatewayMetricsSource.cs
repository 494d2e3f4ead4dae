using System.Diagnostics;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;

namespace Gateway.AspNetCore.MetricsStream;

/// <summary>The built-in metrics source: the metrics of this replica.</summary>
internal sealed class GatewayMetricsSource(
    ReplicaStatus status, IReplicaRegistry replicas, RoomTable rooms, TimeProvider time) : IMetricsSource
{
    private readonly long _startedAt = time.GetTimestamp();
    private Totals _last = Totals.Now(time);

    public ValueTask<object> ReadAsync(CancellationToken cancel)
    {
        var (now, load) = (Totals.Now(time), status.Load);
        var seconds = Math.Max(time.GetElapsedTime(_last.At, now.At).TotalSeconds, 0.001);
        var figures = new GatewayFigures(
            Replica: status.Id,
            Cluster: replicas.Counts,
            UptimeSeconds: Math.Round(time.GetElapsedTime(_startedAt).TotalSeconds, 1),
            Connections: ConnectionFigures.Of([status.Now]),
            Rooms: rooms.Count,
            MessagesInPerSecond: load.MessagesIn,
            MessagesOutPerSecond: load.MessagesOut,
            DeliveriesPerSecond: load.Deliveries,
            Dropped: load.Dropped,
            CpuPercent: Math.Round((now.Cpu - _last.Cpu).TotalSeconds / seconds / Environment.ProcessorCount * 100, 1),
            MemoryBytes: Environment.WorkingSet,
            HeapBytes: GC.GetTotalMemory(forceFullCollection: false),
            GcPauseMs: Math.Round((now.GcPause - _last.GcPause).TotalMilliseconds, 2),
            ThreadPoolQueue: ThreadPool.PendingWorkItemCount);
        _last = now;
        return new(figures);
    }

    private readonly record struct Totals(long At, TimeSpan Cpu, TimeSpan GcPause)
    {
        public static Totals Now(TimeProvider time)
        {
            using var process = Process.GetCurrentProcess();
            return new Totals(time.GetTimestamp(), process.TotalProcessorTime, GC.GetTotalPauseDuration());
        }
    }
}

/// <param name="Cluster">The number of replicas and of their connections.</param>
/// <param name="MessagesInPerSecond">From this replica's clients.</param>
/// <param name="MessagesOutPerSecond">Delivered by this replica; each message counts once.</param>
/// <param name="DeliveriesPerSecond">To this replica's clients; each message counts once per receiver.</param>
/// <param name="Dropped">Messages dropped for slow consumers since the start.</param>
/// <param name="CpuPercent">Since the last read, as a share of all cores of the machine.</param>
/// <param name="GcPauseMs">Since the last read.</param>
internal sealed record GatewayFigures(
    string Replica, ClusterCounts Cluster, double UptimeSeconds, ConnectionFigures Connections, int Rooms, double MessagesInPerSecond,
    double MessagesOutPerSecond,
    double DeliveriesPerSecond, long Dropped, double CpuPercent, long MemoryBytes, long HeapBytes, double GcPauseMs, long ThreadPoolQueue);

internal sealed record ConnectionFigures(int Total, int Raw, int Signalr, int Frames)
{
    public static ConnectionFigures Of(IReadOnlyList<Replica> replicas) => new(
        replicas.Sum(r => r.Connections), replicas.Sum(r => r.Raw), replicas.Sum(r => r.SignalR), replicas.Sum(r => r.Frames));
}
