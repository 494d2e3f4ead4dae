using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Broadcast;

/// <summary>Enters connections into rooms and takes them out, and tells the others where the room's policy says so.</summary>
public sealed class RoomMembership(RoomTable rooms, Publisher publisher, IBackplane backplane, MembershipLimits limits, TimeProvider time)
{
    private readonly Subscriptions _rooms = new(backplane);
    private readonly CatchUp _catchUp = new(backplane, limits.MaxReplay, time);

    /// <summary>Enters the connection; whatever is published from now on reaches it. Entering again changes nothing.</summary>
    /// <param name="since">Where it was in the room, to be given what it has missed since then.</param>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask<Joined> JoinAsync(Connection connection, string name, bool announce = true, Position? since = null)
    {
        if (RoomName.Check(name) is { } error) return error;
        var membership = new Membership(connection);
        switch (connection.Rooms.TryAdd(name, membership, limits.MaxPerConnection))
        {
            case RoomEntry.AlreadyIn: return await JoinAgainAsync(connection, name, since).ConfigureAwait(false);
            case RoomEntry.TooMany: return Error.Forbidden($"a connection may be in {limits.MaxPerConnection} rooms");
            case RoomEntry.ConnectionOver: return Error.NotFound("the connection is over");
        }
        var room = rooms.Open(name);
        Recovery? recovery = null;
        var subscribed = false;
        try
        {
            await _rooms.AcquireAsync(Audience.Room(name), room.Policy.Retention, room.Advance).ConfigureAwait(false);
            subscribed = true;
            if (since is { } place) recovery = await _catchUp.EnterAsync(room, membership, place).ConfigureAwait(false);
            else room.Members.Add(membership, since: () => room.Position);
        }
        catch
        {
            connection.Rooms.Remove(name, membership);
            if (!Remove(room, membership))
            {
                if (subscribed) _rooms.Release(Audience.Room(name));
                rooms.Close(room);
            }
            throw;
        }
        var position = membership.Since;
        if (!connection.Rooms.Contains(name, membership)) Remove(room, membership); // it left, or ended, while we were waiting
        else if (announce) await AnnounceAsync(connection, room, "join").ConfigureAwait(false);
        return new Joined(null, position, recovery);
    }

    /// <summary>It is in the room, perhaps as one of those in which everyone starts. What it missed before it entered it can have all the same.</summary>
    private async ValueTask<Joined> JoinAgainAsync(Connection connection, string name, Position? since)
    {
        if (rooms.Find(name) is not { } room) return new Joined(null, Position.None, null);
        if (since is not { } place) return new Joined(null, room.Position, null);
        if (connection.Rooms.Find(name) is not { Slot: >= 0 } membership) return new Error(409, $"room {name} is being joined already");
        var position = room.Position;
        return new Joined(null, position, await _catchUp.ReplayAsync(room, membership, place).ConfigureAwait(false));
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
        _rooms.Release(Audience.Room(room.Name)); // first: a room that is new in the table then has a subscription that is new, too
        rooms.Close(room);
        return true;
    }
}

/// <summary>What became of a wish to enter a room.</summary>
/// <param name="Position">The place after which messages come.</param>
/// <param name="Recovery">What was missed before it, if that was asked for.</param>
public readonly record struct Joined(Error? Error, Position Position, Recovery? Recovery)
{
    public static implicit operator Joined(Error error) => new(error, default, null);
}

/// <param name="MaxPerConnection">Rooms that one connection may be in.</param>
/// <param name="MaxReplay">Messages that a connection may be given again when it comes back to a room.</param>
public sealed record MembershipLimits(int MaxPerConnection, int MaxReplay);
