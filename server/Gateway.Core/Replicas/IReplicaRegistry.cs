using Gateway.Core.Connections;

namespace Gateway.Core.Replicas;

/// <summary>The replicas that are one gateway, as this one knows them: itself as it is now, the others as they were a moment ago.</summary>
public interface IReplicaRegistry
{
    /// <summary>This one first.</summary>
    IReadOnlyList<Replica> All { get; }

    /// <summary>The replica with this id, a moment old or not; <c>null</c> if there is none.</summary>
    ValueTask<Replica?> FindAsync(string id);

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
/// <param name="Host">The name of its machine, for operators only.</param>
/// <param name="Address">Where the other replicas reach it, such as http://10.0.0.5:8080; empty until it is known.</param>
public sealed record Replica(string Id, string Address, DateTimeOffset StartedAt, int Raw, int SignalR, int Frames = 0, string Host = "")
{
    public int Connections => Raw + SignalR + Frames;
}

public readonly record struct ClusterCounts(int Replicas, int Connections);

/// <summary>This replica, as it reports itself to the others.</summary>
public sealed class ReplicaStatus
{
    private readonly ConnectionTable _connections;
    private readonly DateTimeOffset _startedAt;
    private volatile string _address = "";

    internal ReplicaStatus(string id, ConnectionTable connections, TimeProvider time)
    {
        Id = id;
        _connections = connections;
        _startedAt = time.GetUtcNow();
    }

    /// <summary>The id of this replica: see <see cref="ReplicaId"/>.</summary>
    public string Id { get; }

    /// <summary>The URL at which other replicas reach this one; empty until it is known.</summary>
    public string Address { get => _address; set => _address = value; }

    /// <summary>This replica with its connection counts as of now.</summary>
    public Replica Now => new(
        Id,
        Address,
        _startedAt,
        _connections.CountOf(Dialect.Raw),
        _connections.CountOf(Dialect.SignalR),
        _connections.CountOf(Dialect.Frames),
        Environment.MachineName);
}

/// <summary>A gateway that has one replica.</summary>
internal sealed class SingleReplicaRegistry(ReplicaStatus status) : IReplicaRegistry
{
    public IReadOnlyList<Replica> All => [status.Now];

    public ValueTask<Replica?> FindAsync(string id) => ValueTask.FromResult(id == status.Id ? status.Now : null);
}
