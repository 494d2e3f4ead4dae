namespace Gateway.Core.Cluster;

/// <summary>What a cluster query asks for. The values are part of the format between replicas.</summary>
public enum ClusterQueryKind : byte
{
    /// <summary>List the matching connections.</summary>
    Connections = 1,

    /// <summary>List the rooms that have members.</summary>
    Rooms = 2,

    /// <summary>Close the matching connections.</summary>
    Disconnect = 3,

    /// <summary>Remove the matching connections from the room.</summary>
    RemoveFromRoom = 4,
}

/// <summary>
/// A query that every replica executes for its own connections. Filters that are <c>null</c> match everything. The names of the properties
/// are part of the format between replicas.
/// </summary>
/// <param name="Kind">What to do.</param>
public sealed record ClusterQuery(ClusterQueryKind Kind)
{
    /// <summary>Matches one connection.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>Matches the connections of a user.</summary>
    public string? UserId { get; init; }

    /// <summary>Matches the members of a room; for <see cref="ClusterQueryKind.RemoveFromRoom"/> also the room itself.</summary>
    public string? Room { get; init; }

    /// <summary>Matches the connections of a dialect.</summary>
    public string? Dialect { get; init; }

    /// <summary>For a list: the id or name after which it starts, in ordinal order.</summary>
    public string After { get; init; } = "";

    /// <summary>For a list: the maximum number of items.</summary>
    public int Limit { get; init; }
}

/// <summary>The reply of one replica. The names of the properties are part of the format between replicas.</summary>
public sealed record ClusterReply
{
    /// <summary>The matching connections.</summary>
    public IReadOnlyList<ConnectionInfo> Connections { get; init; } = [];

    /// <summary>The rooms with members on the replica.</summary>
    public IReadOnlyList<RoomInfo> Rooms { get; init; } = [];

    /// <summary>The user id of each connection that was closed or removed.</summary>
    public IReadOnlyList<string> Affected { get; init; } = [];
}

/// <summary>A connection, as the admin API shows it.</summary>
/// <param name="ConnectionId">The connection's id.</param>
/// <param name="UserId">The user's id.</param>
/// <param name="Username">The user's display name.</param>
/// <param name="ClientId">The application that the user came with, if known.</param>
/// <param name="Dialect">The name of the dialect.</param>
/// <param name="ConnectedAt">When the connection was opened.</param>
/// <param name="RemoteAddress">The client's address, if known.</param>
/// <param name="Replica">The id of the replica that has the connection.</param>
/// <param name="Rooms">The rooms that the connection is in.</param>
/// <param name="Waiting">The number of messages in its outbox.</param>
public sealed record ConnectionInfo(
    string ConnectionId, string UserId, string Username, string? ClientId, string Dialect, DateTimeOffset ConnectedAt,
    string? RemoteAddress, string Replica, IReadOnlyList<string> Rooms, int Waiting);

/// <summary>A room with members on one replica.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="Connections">The number of connections in the room.</param>
public sealed record RoomInfo(string Room, int Connections);
