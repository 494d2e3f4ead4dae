using Gateway.Core.Connections;

namespace Gateway.Core.Replicas;

/// <summary>
/// The live replicas of the cluster, as this replica knows them. Its own entry is current; the others are as of their last heartbeat.
/// </summary>
public interface IReplicaRegistry
{
    /// <summary>All replicas, this one first.</summary>
    IReadOnlyList<Replica> All { get; }

    /// <summary>Finds a replica by its id, even if it has just started; <c>null</c> if there is none.</summary>
    ValueTask<Replica?> FindAsync(string id);

    /// <summary>The number of replicas and of their connections.</summary>
    ClusterCounts Counts
    {
        get
        {
            var all = All;
            return new ClusterCounts(all.Count, all.Sum(replica => replica.Connections));
        }
    }
}

/// <summary>A replica of the cluster.</summary>
/// <param name="Id">The replica's id, new at every start of the process.</param>
/// <param name="Address">The URL at which other replicas reach it, such as http://10.0.0.5:8080; empty until it is known.</param>
/// <param name="StartedAt">When the process started.</param>
/// <param name="Raw">The number of connections of the raw dialect.</param>
/// <param name="SignalR">The number of connections of the SignalR dialect.</param>
/// <param name="Frames">The number of connections of handlers.</param>
/// <param name="Host">The machine's name, for operators only.</param>
public sealed record Replica(string Id, string Address, DateTimeOffset StartedAt, int Raw, int SignalR, int Frames = 0, string Host = "")
{
    /// <summary>The number of connections.</summary>
    public int Connections => Raw + SignalR + Frames;

    /// <summary>The replica's traffic, if it has a metrics stream.</summary>
    internal ReplicaLoad Load { get; init; } = ReplicaLoad.None;
}

/// <summary>The size of the cluster.</summary>
/// <param name="Replicas">The number of replicas.</param>
/// <param name="Connections">The number of connections of all replicas.</param>
public readonly record struct ClusterCounts(int Replicas, int Connections);

/// <summary>This replica, as it reports itself to the others.</summary>
public sealed class ReplicaStatus
{
    private readonly ConnectionTable _connections;
    private readonly DateTimeOffset _startedAt;
    private volatile string _address = "";
    private volatile ReplicaLoad _load = ReplicaLoad.None;

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

    /// <summary>The traffic of this replica, as of the last tick of the metrics stream.</summary>
    internal ReplicaLoad Load { get => _load; set => _load = value; }

    /// <summary>This replica with its connection counts as of now.</summary>
    public Replica Now => new(
        Id,
        Address,
        _startedAt,
        _connections.CountOf(Dialect.Raw),
        _connections.CountOf(Dialect.SignalR),
        _connections.CountOf(Dialect.Frames),
        Environment.MachineName)
    {
        Load = Load,
    };
}

/// <summary>The registry of a single replica.</summary>
internal sealed class SingleReplicaRegistry(ReplicaStatus status) : IReplicaRegistry
{
    public IReadOnlyList<Replica> All => [status.Now];

    public ValueTask<Replica?> FindAsync(string id) => ValueTask.FromResult(id == status.Id ? status.Now : null);
}
