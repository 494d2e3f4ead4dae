using System.Diagnostics;
using Gateway.Core.Connections;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;

namespace Gateway.AspNetCore.MetricsStream;

/// <summary>The built-in metrics source: the metrics of this replica. Rates are averages since the last read.</summary>
internal sealed class GatewayMetricsSource(
    ReplicaId replica, IReplicaRegistry replicas, ConnectionTable connections, RoomTable rooms, GatewayMeter meter, ConnectionEvents events,
    TimeProvider time) : IMetricsSource
{
    private readonly long _startedAt = time.GetTimestamp();
    private Totals _last = Totals.Now(meter, time);

    public ValueTask<object> ReadAsync(CancellationToken cancel)
    {
        var now = Totals.Now(meter, time);
        var seconds = Math.Max(time.GetElapsedTime(_last.At, now.At).TotalSeconds, 0.001);
        var figures = new GatewayFigures(
            Replica: replica.Value,
            Cluster: replicas.Counts,
            UptimeSeconds: Math.Round(time.GetElapsedTime(_startedAt).TotalSeconds, 1),
            Connections: new ConnectionFigures(
                connections.Count, connections.CountOf(Dialect.Raw), connections.CountOf(Dialect.SignalR),
                connections.CountOf(Dialect.Frames)),
            Rooms: rooms.Count,
            MessagesInPerSecond: PerSecond(now.Received - _last.Received, seconds),
            MessagesOutPerSecond: PerSecond(now.Published - _last.Published, seconds),
            DeliveriesPerSecond: PerSecond(now.Delivered - _last.Delivered, seconds),
            Dropped: events.Dropped,
            CpuPercent: Math.Round((now.Cpu - _last.Cpu).TotalSeconds / seconds / Environment.ProcessorCount * 100, 1),
            MemoryBytes: Environment.WorkingSet,
            HeapBytes: GC.GetTotalMemory(forceFullCollection: false),
            GcPauseMs: Math.Round((now.GcPause - _last.GcPause).TotalMilliseconds, 2),
            ThreadPoolQueue: ThreadPool.PendingWorkItemCount);
        _last = now;
        return new(figures);
    }

    private static double PerSecond(long count, double seconds) => Math.Round(count / seconds, 1);

    private readonly record struct Totals(long At, long Received, long Published, long Delivered, TimeSpan Cpu, TimeSpan GcPause)
    {
        public static Totals Now(GatewayMeter meter, TimeProvider time)
        {
            using var process = Process.GetCurrentProcess();
            return new Totals(
                time.GetTimestamp(), meter.Received, meter.Published, meter.Delivered, process.TotalProcessorTime,
                GC.GetTotalPauseDuration());
        }
    }
}

/// <param name="Cluster">The number of replicas and of their connections.</param>
/// <param name="MessagesInPerSecond">From this replica's clients.</param>
/// <param name="MessagesOutPerSecond">Delivered by this replica; each message counts once.</param>
/// <param name="DeliveriesPerSecond">To this replica's clients; each message counts once per receiver.</param>
/// <param name="Dropped">Messages dropped for slow consumers since the start.</param>
/// <param name="CpuPercent">As a share of all cores of the machine.</param>
/// <param name="GcPauseMs">Since the last read.</param>
internal sealed record GatewayFigures(
    string Replica, ClusterCounts Cluster, double UptimeSeconds, ConnectionFigures Connections, int Rooms, double MessagesInPerSecond,
    double MessagesOutPerSecond,
    double DeliveriesPerSecond, long Dropped, double CpuPercent, long MemoryBytes, long HeapBytes, double GcPauseMs, long ThreadPoolQueue);

internal sealed record ConnectionFigures(int Total, int Raw, int Signalr, int Frames);
