using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>Enters connections into rooms and takes them out.</summary>
public sealed class RoomMembership(RoomTable rooms, Attendance attendance, IBackplane backplane, int maxPerConnection)
{
    private readonly Subscriptions _rooms = new(backplane);

    /// <summary>Enters the connection; whatever is published from now on reaches it. Entering again changes nothing.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask<(Error? Error, Position Position)> JoinAsync(Connection connection, string name)
    {
        if (RoomName.Check(name) is { } error) return (error, default);
        var membership = new Membership(connection);
        switch (connection.Rooms.TryAdd(name, membership, maxPerConnection))
        {
            case RoomEntry.AlreadyIn: return (null, rooms.Find(name)?.Position ?? Position.None);
            case RoomEntry.TooMany: return (Error.Forbidden($"a connection may be in {maxPerConnection} rooms"), default);
            case RoomEntry.ConnectionOver: return (Error.NotFound("the connection is over"), default);
        }
        var room = rooms.Open(name);
        try
        {
            room.Advance(await _rooms.AcquireAsync(Audience.Room(name), room.Policy.HasOffsets).ConfigureAwait(false));
        }
        catch
        {
            connection.Rooms.Remove(name, membership);
            rooms.Close(room);
            throw;
        }
        room.Members.Add(membership, since: () => room.Position);
        var position = membership.Since;
        if (!connection.Rooms.Contains(name, membership)) Remove(room, membership); // it left, or ended, while we were waiting
        else await attendance.EnterAsync(room, membership).ConfigureAwait(false);
        return (null, position);
    }

    /// <summary>Takes the connection out of a room. False if it was not in.</summary>
    /// <param name="atOnce">Its user, or the server, wanted it so; otherwise the user may come back within its grace.</param>
    public async ValueTask<bool> LeaveAsync(Connection connection, string name, bool atOnce = true)
    {
        if (connection.Rooms.Remove(name) is not { } membership) return false;
        if (rooms.Find(name) is not { } room) return true; // still joining: the joiner sees that it left
        if (Remove(room, membership)) await attendance.LeaveAsync(room, membership, atOnce).ConfigureAwait(false);
        return true;
    }

    /// <summary>The connection is over: takes it out of all its rooms, and lets it into no other.</summary>
    public async ValueTask LeaveAllAsync(Connection connection)
    {
        foreach (var name in connection.Rooms.Close()) await LeaveAsync(connection, name, atOnce: false).ConfigureAwait(false);
    }

    /// <summary>Whoever takes the membership out of the set gives the subscription back: once, also when a join and a leave meet.</summary>
    private bool Remove(Room room, Membership membership)
    {
        if (!room.Members.Remove(membership)) return false;
        rooms.Close(room);
        _rooms.Release(Audience.Room(room.Name));
        return true;
    }
}
