using Gateway.Core.Connections;

namespace Gateway.Core.Presence;

/// <summary>The replicas that are one gateway, as this one knows them: itself as it is now, the others as they were a moment ago.</summary>
public interface IReplicas
{
    /// <summary>This one first.</summary>
    IReadOnlyList<Replica> All { get; }

    ClusterCounts Counts
    {
        get
        {
            var all = All;
            return new ClusterCounts(all.Count, all.Sum(replica => replica.Connections));
        }
    }
}

/// <param name="Id">New at every start of the process.</param>
/// <param name="Address">Where the other replicas reach it; may be empty.</param>
public sealed record Replica(string Id, string Address, DateTimeOffset StartedAt, int Raw, int SignalR)
{
    public int Connections => Raw + SignalR;
}

public readonly record struct ClusterCounts(int Replicas, int Connections);

/// <summary>What a replica says of itself.</summary>
public sealed class OwnReplica(string id, ConnectionTable connections, TimeProvider time)
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    public string Id => id;

    public Replica Now => new(id, Address: "", _startedAt, connections.CountOf(Dialect.Raw), connections.CountOf(Dialect.SignalR));
}

/// <summary>A gateway that has one replica.</summary>
public sealed class SingleReplica(OwnReplica own) : IReplicas
{
    public IReadOnlyList<Replica> All => [own.Now];
}
