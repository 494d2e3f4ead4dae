using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Broadcast;

/// <summary>Enters connections into rooms and takes them out, and tells the others where the room's policy says so.</summary>
public sealed class RoomMembership(RoomTable rooms, Publisher publisher, IBackplane backplane, int maxPerConnection)
{
    private readonly Subscriptions _rooms = new(backplane);

    /// <summary>Enters the connection; whatever is published from now on reaches it. Entering again changes nothing.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask<(Error? Error, Position Position)> JoinAsync(Connection connection, string name, bool announce = true)
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
        else if (announce) await AnnounceAsync(connection, room, "join").ConfigureAwait(false);
        return (null, position);
    }

    /// <summary>Takes the connection out of a room. False if it was not in.</summary>
    /// <exception cref="BackplaneException">The backplane is away, so the others do not hear of it; the connection is out all the same.</exception>
    public async ValueTask<bool> LeaveAsync(Connection connection, string name)
    {
        if (connection.Rooms.Remove(name) is not { } membership) return false;
        if (rooms.Find(name) is not { } room) return true; // still joining: the joiner sees that it left
        if (Remove(room, membership)) await AnnounceAsync(connection, room, "leave").ConfigureAwait(false);
        return true;
    }

    /// <summary>The connection is over: takes it out of all its rooms, and lets it into no other.</summary>
    public async ValueTask LeaveAllAsync(Connection connection)
    {
        foreach (var name in connection.Rooms.Close())
        {
            try
            {
                await LeaveAsync(connection, name).ConfigureAwait(false);
            }
            catch (BackplaneException)
            {
                // The others cannot be told now; the connection is out, and that is what must not fail.
            }
        }
    }

    public ValueTask AnnounceAsync(Connection connection, string name, string @event) =>
        rooms.Find(name) is { } room ? AnnounceAsync(connection, room, @event) : default;

    private async ValueTask AnnounceAsync(Connection connection, Room room, string @event)
    {
        if (!room.Policy.Announce) return;
        var payload = Payloads.System(@event, room.Name, connection.User.Id, connection.User.Name);
        var others = Audience.Room(room.Name) with { Except = [connection.Id] };
        await publisher.PublishAsync(others, new Message("system", payload) { CarriesOffset = true }).ConfigureAwait(false);
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
