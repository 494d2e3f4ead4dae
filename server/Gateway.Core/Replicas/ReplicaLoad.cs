namespace Gateway.Core.Replicas;

/// <summary>The traffic of one replica, or of several together. The rates are averages over the interval of the metrics stream.</summary>
/// <param name="MessagesIn">Messages from clients, per second.</param>
/// <param name="MessagesOut">Messages through the fan-out, per second. Each counts once on each replica.</param>
/// <param name="Deliveries">Messages to clients, per second. Each counts once per receiver.</param>
/// <param name="Dropped">Messages dropped for slow consumers since the start.</param>
internal sealed record ReplicaLoad(double MessagesIn, double MessagesOut, double Deliveries, long Dropped)
{
    public static ReplicaLoad None { get; } = new(0, 0, 0, 0);

    public static ReplicaLoad operator +(ReplicaLoad left, ReplicaLoad right) => new(
        Math.Round(left.MessagesIn + right.MessagesIn, 1),
        Math.Round(left.MessagesOut + right.MessagesOut, 1),
        Math.Round(left.Deliveries + right.Deliveries, 1),
        left.Dropped + right.Dropped);
}
