using Gateway.Core.Connections;
using Gateway.Core.Replicas;

namespace Gateway.AspNetCore.MetricsStream;

/// <summary>Measures this replica's traffic once per tick of the metrics stream. Not thread-safe.</summary>
internal sealed class ReplicaLoadMeter(GatewayMeter meter, ConnectionEvents events, TimeProvider time)
{
    private Totals _last = Totals.Now(meter, time);

    /// <summary>Returns the traffic since the last call.</summary>
    public ReplicaLoad Read()
    {
        var now = Totals.Now(meter, time);
        var seconds = Math.Max(time.GetElapsedTime(_last.At, now.At).TotalSeconds, 0.001);
        var load = new ReplicaLoad(
            PerSecond(now.Received - _last.Received, seconds),
            PerSecond(now.Published - _last.Published, seconds),
            PerSecond(now.Delivered - _last.Delivered, seconds),
            events.Dropped);
        _last = now;
        return load;
    }

    private static double PerSecond(long count, double seconds) => Math.Round(count / seconds, 1);

    private readonly record struct Totals(long At, long Received, long Published, long Delivered)
    {
        public static Totals Now(GatewayMeter meter, TimeProvider time) =>
            new(time.GetTimestamp(), meter.Received, meter.Published, meter.Delivered);
    }
}
