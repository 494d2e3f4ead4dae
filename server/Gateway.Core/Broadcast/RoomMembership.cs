using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;

namespace Gateway.Core.Broadcast;

/// <summary>Enters connections into rooms and takes them out.</summary>
internal sealed class RoomMembership(
    RoomTable rooms, RoomAdmission admission, PresenceTracker tracker, IBackplane backplane, MembershipLimits limits, Supervisor supervisor, TimeProvider time)
{
    private readonly Subscriptions _rooms = new(backplane, supervisor);
    private readonly RoomRecovery _recovery = new(backplane, limits.MaxReplay, time);

    /// <summary>Enters the connection; whatever is published from now on reaches it. Entering again changes nothing.</summary>
    /// <param name="since">Where it was in the room, to be given what it has missed since then.</param>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask<JoinResult> JoinAsync(Connection connection, string name, Position? since = null)
    {
        return RoomName.Check(name) is { } error ? error : await JoinUncheckedAsync(connection, name, since).ConfigureAwait(false);
    }

    /// <summary>For server code: also into rooms that no client can name.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    internal async ValueTask<JoinResult> JoinUncheckedAsync(Connection connection, string name, Position? since = null)
    {
        var membership = new Membership(connection);
        var (entry, refused) = admission.Enter(connection, name, membership);
        if (refused != null) return refused;
        switch (entry)
        {
            case AddRoomResult.AlreadyIn: return await JoinAgainAsync(connection, name, since).ConfigureAwait(false);
            case AddRoomResult.ConnectionClosed: return Error.NoSuchConnection;
        }
        var room = rooms.Acquire(name);
        Recovery? recovery = null;
        var subscribed = false;
        try
        {
            await _rooms.AcquireAsync(Audience.Room(name), room.Policy.Retention, room.Advance).ConfigureAwait(false);
            subscribed = true;
            if (since is { } place) recovery = await _recovery.JoinAsync(room, membership, place).ConfigureAwait(false);
            else room.Members.Add(membership, position: () => room.Position);
        }
        catch
        {
            connection.Rooms.Remove(name, membership);
            if (!Remove(room, membership))
            {
                if (subscribed) _rooms.Release(Audience.Room(name));
                rooms.Release(room);
            }
            throw;
        }
        var position = membership.JoinPosition;
        if (!connection.Rooms.Contains(name, membership)) Remove(room, membership); // it left, or ended, while we were waiting
        else await tracker.JoinAsync(room, membership).ConfigureAwait(false);
        return new JoinResult(null, position, recovery);
    }

    /// <summary>It is in the room, perhaps as one of those in which everyone starts. What it missed before it entered it can have all the same.</summary>
    private async ValueTask<JoinResult> JoinAgainAsync(Connection connection, string name, Position? since)
    {
        if (rooms.Find(name) is not { } room) return new JoinResult(null, Position.None, null);
        if (since is not { } place) return new JoinResult(null, room.Position, null);
        if (connection.Rooms.Find(name) is not { Slot: >= 0 } membership) return new Error(409, $"room {name} is being joined already");
        var position = room.Position;
        return new JoinResult(null, position, await _recovery.ReplayAsync(room, membership, place).ConfigureAwait(false));
    }

    /// <summary>Takes the connection out of a room. False if it was not in.</summary>
    /// <param name="immediately">Its user, or the server, wanted it so; otherwise the user may come back within its grace.</param>
    public async ValueTask<bool> LeaveAsync(Connection connection, string name, bool immediately = true)
    {
        if (connection.Rooms.Remove(name) is not { } membership) return false;
        if (rooms.Find(name) is not { } room) return true; // still joining: the joiner sees that it left
        if (Remove(room, membership)) await tracker.LeaveAsync(room, membership, immediately).ConfigureAwait(false);
        return true;
    }

    /// <summary>The connection is over: takes it out of all its rooms, and lets it into no other.</summary>
    public async ValueTask LeaveAllAsync(Connection connection)
    {
        foreach (var name in connection.Rooms.Close()) await LeaveAsync(connection, name, immediately: false).ConfigureAwait(false);
    }

    /// <summary>Whoever takes the membership out of the set gives the subscription back: once, also when a join and a leave meet.</summary>
    private bool Remove(Room room, Membership membership)
    {
        if (!room.Members.Remove(membership)) return false;
        _rooms.Release(Audience.Room(room.Name)); // first: a room that is new in the table then has a subscription that is new, too
        rooms.Release(room);
        return true;
    }
}

/// <summary>What became of a wish to enter a room.</summary>
/// <param name="Position">The place after which messages come.</param>
/// <param name="Recovery">What was missed before it, if that was asked for.</param>
internal readonly record struct JoinResult(Error? Error, Position Position, Recovery? Recovery)
{
    public static implicit operator JoinResult(Error error) => new(error, default, null);
}

/// <param name="MaxPerConnection">Rooms that one connection may be in.</param>
/// <param name="MaxReplay">Messages that a connection may be given again when it comes back to a room.</param>
internal sealed record MembershipLimits(int MaxPerConnection, int MaxReplay)
{
    /// <summary>Rooms that one user may be in, each counted once for each of its connections; 0 = no limit but the connection's.</summary>
    public int MaxPerUser { get; init; }

    /// <summary>Rooms that may have members; 0 = no limit.</summary>
    public int MaxRooms { get; init; }
}
