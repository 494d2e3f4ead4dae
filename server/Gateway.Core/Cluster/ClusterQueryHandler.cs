using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Cluster;

/// <summary>
/// Executes cluster queries for the connections of this replica. An <see cref="ICluster"/> calls it for each query that arrives.
/// </summary>
public sealed class ClusterQueryHandler
{
    private readonly ConnectionTable _connections;
    private readonly RoomTable _rooms;
    private readonly RoomMembership _membership;
    private readonly ReplicaStatus _status;

    internal ClusterQueryHandler(ConnectionTable connections, RoomTable rooms, RoomMembership membership, ReplicaStatus status)
    {
        _connections = connections;
        _rooms = rooms;
        _membership = membership;
        _status = status;
    }

    /// <summary>The maximum number of items in a list, whatever the query asks for.</summary>
    public const int MaxLimit = 1000;

    /// <summary>Executes a query.</summary>
    public async ValueTask<ClusterReply> HandleAsync(ClusterQuery query) => query.Kind switch
    {
        ClusterQueryKind.Connections => new ClusterReply { Connections = Page(Matching(query), query, static c => c.Id, Describe) },
        ClusterQueryKind.Rooms => new ClusterReply
        {
            Rooms = Page(_rooms.Snapshot(), query, static r => r.Name, static r => new RoomInfo(r.Name, r.Members.Count)),
        },
        ClusterQueryKind.Disconnect => new ClusterReply { Affected = Disconnect(Matching(query)) },
        ClusterQueryKind.RemoveFromRoom => new ClusterReply
        {
            Affected = await RemoveFromRoomAsync(Matching(query), query.Room!).ConfigureAwait(false),
        },
        _ => new ClusterReply(), // a kind of a later version
    };

    private IEnumerable<Connection> Matching(ClusterQuery query)
    {
        IEnumerable<Connection> candidates = query.ConnectionId is { } id ? _connections.Find(id) is { } one ? [one] : []
            : query.UserId is { } user ? _connections.OfUser(user)
            : query.Room is { } room ? _rooms.Find(room)?.Members.Snapshot() ?? []
            : _connections.Snapshot();
        return candidates.Where(c =>
            (query.UserId == null || c.User.Id == query.UserId)
            && (query.Room == null || c.Rooms.Contains(query.Room))
            && (query.Dialect == null || c.Dialect.Name() == query.Dialect));
    }

    private ConnectionInfo Describe(Connection c) =>
        new(
            c.Id, c.User.Id, c.User.Name, c.User.ClientId, c.Dialect.Name(), c.ConnectedAt, c.RemoteAddress, _status.Id, c.Rooms.Names(),
            c.Outbox.Depth);

    private static List<TInfo> Page<T, TInfo>(IEnumerable<T> all, ClusterQuery query, Func<T, string> key, Func<T, TInfo> describe) =>
        [
            .. all.Where(one => string.CompareOrdinal(key(one), query.After) > 0)
                .OrderBy(key, StringComparer.Ordinal)
                .Take(Math.Clamp(query.Limit, 0, MaxLimit))
                .Select(describe),
        ];

    private static List<string> Disconnect(IEnumerable<Connection> kicked)
    {
        var users = new List<string>();
        foreach (var connection in kicked)
        {
            if (!connection.Outbox.IsOpen) continue; // it is being closed already
            Notify(connection, room: null);
            connection.Close(CloseReason.Kicked);
            users.Add(connection.User.Id);
        }
        return users;
    }

    private async ValueTask<List<string>> RemoveFromRoomAsync(IEnumerable<Connection> kicked, string room)
    {
        var users = new List<string>();
        foreach (var connection in kicked.ToList())
        {
            Notify(connection, room); // before it leaves: afterwards it gets nothing of the room
            if (await _membership.LeaveAsync(connection, room).ConfigureAwait(false)) users.Add(connection.User.Id);
        }
        return users;
    }

    private static void Notify(Connection connection, string? room)
    {
        var notice = new Message("system", ModerationPayloads.Kicked(connection.User.Id, room));
        connection.Reply(MessageWriter.Write(notice, notice.Payload, connection.Outbox.Format));
    }
}
