namespace Gateway.Core.Connections;

/// <summary>A client's connection as an application's handlers and observers see it.</summary>
public readonly struct ClientConnection
{
    private readonly Connection _connection;

    internal ClientConnection(Connection connection, string domain) => (_connection, Domain) = (connection, domain);

    /// <summary>The connection id, as in <c>welcome</c> and in <c>HubCallerContext.ConnectionId</c>.</summary>
    public string Id => _connection.Id;

    /// <summary>The user, with the roles that the user's newest token names.</summary>
    public UserIdentity User => _connection.User;

    /// <summary>Raw, SignalR, or the frames of an application's own protocol.</summary>
    public Dialect Dialect => _connection.Dialect;

    /// <summary>The domain that the connection is in; empty for the default one.</summary>
    public string Domain { get; }

    /// <summary>The client's IP address, if known. Behind a trusted proxy it is the one that the proxy reports.</summary>
    public string? RemoteAddress => _connection.RemoteAddress;

    /// <summary>When the connection was accepted.</summary>
    public DateTimeOffset ConnectedAt => _connection.ConnectedAt;

    /// <summary>The rooms that the connection is in now. Each call makes a new list.</summary>
    public IReadOnlyList<string> GetRooms() => _connection.Rooms.Names();

    /// <summary>Is the connection in this room now?</summary>
    public bool IsInRoom(string room) => _connection.Rooms.Contains(Rooms.RoomName.Normalize(room));

    /// <summary>Does the user have this role? Roles are compared exactly.</summary>
    public bool IsInRole(string role) => _connection.User.Roles.Contains(role);
}
