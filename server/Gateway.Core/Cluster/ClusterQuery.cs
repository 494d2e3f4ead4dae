namespace Gateway.Core.Cluster;

public enum ClusterQueryKind : byte
{
    /// <summary>Which connections fit?</summary>
    Connections = 1,

    /// <summary>Which rooms have members?</summary>
    Rooms = 2,

    /// <summary>Close the connections of the user, or the one connection.</summary>
    Disconnect = 3,

    /// <summary>Take them out of the room.</summary>
    RemoveFromRoom = 4,
}

/// <summary>What a replica is asked, or told to do. What is not given does not matter.</summary>
public sealed record ClusterQuery(ClusterQueryKind Kind)
{
    public string? ConnectionId { get; init; }
    public string? UserId { get; init; }
    public string? Room { get; init; }
    public string? Dialect { get; init; }

    /// <summary>Of a list: what comes after this id or name, in the order of their bytes.</summary>
    public string After { get; init; } = "";

    /// <summary>Of a list: so many at most.</summary>
    public int Limit { get; init; }
}

/// <summary>What one replica answers.</summary>
public sealed record ClusterReply
{
    public IReadOnlyList<ConnectionInfo> Connections { get; init; } = [];
    public IReadOnlyList<RoomInfo> Rooms { get; init; } = [];

    /// <summary>For each connection that something was done to: its user.</summary>
    public IReadOnlyList<string> Affected { get; init; } = [];
}

/// <param name="Replica">The one that has it.</param>
/// <param name="Waiting">Messages in its outbox.</param>
public sealed record ConnectionInfo(
    string ConnectionId, string UserId, string Username, string? ClientId, string Dialect, DateTimeOffset ConnectedAt, string? RemoteAddress, string Replica, IReadOnlyList<string> Rooms, int Waiting);

/// <param name="Connections">How many are in the room.</param>
public sealed record RoomInfo(string Room, int Connections);
