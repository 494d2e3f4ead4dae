using Gateway.Core.Replicas;

namespace Gateway.AspNetCore.MetricsStream;

/// <summary>
/// The sums of what all replicas last reported with their heartbeats: the payload in the room <c>metrics:cluster</c>. It has no
/// <c>replica</c>, by which clients tell it from the figures of one replica.
/// </summary>
internal sealed record ClusterFigures(
    ClusterCounts Cluster, ConnectionFigures Connections, double MessagesInPerSecond, double MessagesOutPerSecond,
    double DeliveriesPerSecond, long Dropped)
{
    public static ClusterFigures Of(IReadOnlyList<Replica> replicas)
    {
        var connections = ConnectionFigures.Of(replicas);
        var load = replicas.Aggregate(ReplicaLoad.None, (sum, replica) => sum + replica.Load);
        return new ClusterFigures(
            new ClusterCounts(replicas.Count, connections.Total), connections, load.MessagesIn, load.MessagesOut, load.Deliveries,
            load.Dropped);
    }
}
