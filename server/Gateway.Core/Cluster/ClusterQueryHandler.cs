using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Cluster;

/// <summary>ClusterReplies for the connections of this replica.</summary>
public sealed class ClusterQueryHandler(ConnectionTable connections, RoomTable rooms, RoomMembership membership, ReplicaStatus own)
{
    /// <summary>Whatever a question asks for, an answer has no more than so many.</summary>
    public const int MaxLimit = 1000;

    public async ValueTask<ClusterReply> AnswerAsync(ClusterQuery question) => question.Kind switch
    {
        ClusterQueryKind.Connections => new ClusterReply { Connections = Page(Fitting(question), question, static c => c.Id, Facts) },
        ClusterQueryKind.Rooms => new ClusterReply { Rooms = Page(rooms.Snapshot(), question, static r => r.Name, static r => new RoomInfo(r.Name, r.Members.Count)) },
        ClusterQueryKind.Disconnect => new ClusterReply { Affected = Disconnect(Fitting(question)) },
        ClusterQueryKind.TakeOut => new ClusterReply { Affected = await TakeOutAsync(Fitting(question), question.Room!).ConfigureAwait(false) },
        _ => new ClusterReply(), // a later version's
    };

    private IEnumerable<Connection> Fitting(ClusterQuery question)
    {
        IEnumerable<Connection> candidates = question.ConnectionId is { } id ? connections.Find(id) is { } one ? [one] : []
            : question.UserId is { } user ? connections.OfUser(user)
            : question.Room is { } room ? rooms.Find(room)?.Members.Snapshot() ?? []
            : connections.Snapshot();
        return candidates.Where(c =>
            (question.UserId == null || c.User.Id == question.UserId)
            && (question.Room == null || c.Rooms.Contains(question.Room))
            && (question.Dialect == null || c.Dialect.Name() == question.Dialect));
    }

    private ConnectionInfo Facts(Connection c) =>
        new(c.Id, c.User.Id, c.User.Name, c.User.ClientId, c.Dialect.Name(), c.ConnectedAt, c.RemoteAddress, own.Id, c.Rooms.Names(), c.Outbox.Depth);

    private static List<TFacts> Page<T, TFacts>(IEnumerable<T> all, ClusterQuery question, Func<T, string> key, Func<T, TFacts> facts) =>
        [.. all.Where(one => string.CompareOrdinal(key(one), question.After) > 0).OrderBy(key, StringComparer.Ordinal).Take(Math.Clamp(question.Limit, 0, MaxLimit)).Select(facts)];

    private static List<string> Disconnect(IEnumerable<Connection> kicked)
    {
        var users = new List<string>();
        foreach (var connection in kicked)
        {
            if (!connection.Outbox.IsOpen) continue; // it is being closed already
            Tell(connection, room: null);
            connection.Close(CloseReason.Kicked);
            users.Add(connection.User.Id);
        }
        return users;
    }

    private async ValueTask<List<string>> TakeOutAsync(IEnumerable<Connection> kicked, string room)
    {
        var users = new List<string>();
        foreach (var connection in kicked.ToList())
        {
            Tell(connection, room); // ahead of leaving: afterwards it hears nothing of the room any more
            if (await membership.LeaveAsync(connection, room).ConfigureAwait(false)) users.Add(connection.User.Id);
        }
        return users;
    }

    private static void Tell(Connection connection, string? room)
    {
        var notice = new Message("system", ModerationPayloads.Kicked(connection.User.Id, room));
        connection.Reply(MessageWriter.Write(notice, notice.Payload, connection.Outbox.Format));
    }
}
