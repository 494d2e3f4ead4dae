using Gateway.Core.Connections;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// The connections by which one user is in one room, on this replica; most have one. Not thread-safe: the roster's lock guards it.
/// </summary>
internal sealed class LocalUser(string room, RoomTable rooms)
{
    private Connection[] _connections = [];

    public bool IsEmpty => _connections.Length == 0;

    public IReadOnlyList<string> ConnectionIds => [.. _connections.Select(c => c.Id)];

    public bool Has(Connection connection) => Array.IndexOf(_connections, connection) >= 0;

    public void Add(Connection connection) => _connections = [.. _connections, connection];

    public bool Remove(Connection connection)
    {
        var index = Array.IndexOf(_connections, connection);
        if (index < 0) return false;
        _connections = [.. _connections[..index], .. _connections[(index + 1)..]];
        return true;
    }

    public void Clear() => _connections = [];

    /// <summary>The name of the newest connection, and the status that was set last, if the user may publish in this room.</summary>
    public PresenceMember Summary()
    {
        if (_connections.Length == 0) throw new InvalidOperationException("the user is not in the room");
        var (newest, earliest, status) = (_connections[0], _connections[0].ConnectedAt, StatusOf(_connections[0]));
        foreach (var connection in _connections.AsSpan(1))
        {
            if (connection.ConnectedAt >= newest.ConnectedAt) newest = connection;
            if (connection.ConnectedAt < earliest) earliest = connection.ConnectedAt;
            if (StatusOf(connection) is { SetAt: { } at } said && (status.SetAt is not { } before || at >= before)) status = said;
        }
        var user = newest.User;
        return new PresenceMember(user.Id, user.Name, user.ClientId, status.Text, earliest, _connections.Length)
        {
            StatusSetAt = status.SetAt,
        };
    }

    /// <summary>A status is free text, so a room sees it only if it would see the user's messages.</summary>
    private UserStatus StatusOf(Connection connection) =>
        connection.Status.HiddenIn.Contains(room) || !rooms.MayPublish(connection.User, room) ? UserStatus.Online : connection.Status;
}
