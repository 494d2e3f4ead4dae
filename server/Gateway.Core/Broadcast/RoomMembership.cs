using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;

namespace Gateway.Core.Broadcast;

/// <summary>Joins connections to rooms and removes them.</summary>
internal sealed class RoomMembership(
    RoomTable rooms, RoomAdmission admission, PresenceTracker tracker, IBackplane backplane, MembershipLimits limits, Supervisor supervisor,
    TimeProvider time)
{
    private readonly Subscriptions _rooms = new(backplane, supervisor);
    private readonly RoomRecovery _recovery = new(backplane, limits.MaxReplay, time);

    /// <summary>
    /// Joins a connection to a room. It gets everything published after the task completes. A second join changes nothing.
    /// </summary>
    /// <param name="since">The position to recover from, if any.</param>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    public async ValueTask<JoinResult> JoinAsync(Connection connection, string name, Position? since = null)
    {
        var error = limits.AllowsAnyName ? null : RoomName.Check(name);
        return error != null ? error : await JoinUncheckedAsync(connection, name, since).ConfigureAwait(false);
    }

    /// <summary>Joins without a check of the name, for server code: also rooms that no client can name.</summary>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
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
        if (!connection.Rooms.Contains(name, membership)) Remove(room, membership); // it left or ended meanwhile
        else await tracker.JoinAsync(room, membership).ConfigureAwait(false);
        return new JoinResult(null, position, recovery);
    }

    /// <summary>
    /// The connection is already in the room, perhaps as an initial room. It can still recover the messages before its join.
    /// </summary>
    private async ValueTask<JoinResult> JoinAgainAsync(Connection connection, string name, Position? since)
    {
        if (rooms.Find(name) is not { } room) return new JoinResult(null, Position.None, null);
        if (since is not { } place) return new JoinResult(null, room.Position, null);
        if (connection.Rooms.Find(name) is not { Slot: >= 0 } membership) return new Error(409, $"room {name} is being joined already");
        var position = room.Position;
        return new JoinResult(null, position, await _recovery.ReplayAsync(room, membership, place).ConfigureAwait(false));
    }

    /// <summary>Removes a connection from a room. Returns <c>false</c> if it was not in the room.</summary>
    /// <param name="immediately">Whether to skip the grace period of presence, because the user or the server asked for it.</param>
    public async ValueTask<bool> LeaveAsync(Connection connection, string name, bool immediately = true)
    {
        if (connection.Rooms.Remove(name) is not { } membership) return false;
        if (rooms.Find(name) is not { } room) return true; // still joining: the join sees that it left
        if (Remove(room, membership)) await tracker.LeaveAsync(room, membership, immediately).ConfigureAwait(false);
        return true;
    }

    /// <summary>Removes a closing connection from all rooms. It can join no other.</summary>
    public async ValueTask LeaveAllAsync(Connection connection)
    {
        foreach (var name in connection.Rooms.Close()) await LeaveAsync(connection, name, immediately: false).ConfigureAwait(false);
    }

    /// <summary>The caller that removes the membership releases the subscription: exactly one, even if a join and a leave race.</summary>
    private bool Remove(Room room, Membership membership)
    {
        if (!room.Members.Remove(membership)) return false;
        _rooms.Release(Audience.Room(room.Name)); // first, so that a new room in the table also gets a new subscription
        rooms.Release(room);
        return true;
    }
}

/// <summary>The result of a join.</summary>
/// <param name="Position">The position after which the connection gets messages.</param>
/// <param name="Recovery">The result of the recovery, if the join asked for one.</param>
internal readonly record struct JoinResult(Error? Error, Position Position, Recovery? Recovery)
{
    public static implicit operator JoinResult(Error error) => new(error, default, null);
}

/// <summary>The limits of memberships.</summary>
/// <param name="MaxPerConnection">The maximum number of rooms of a connection.</param>
/// <param name="MaxReplay">The maximum number of messages that a recovery replays.</param>
internal sealed record MembershipLimits(int MaxPerConnection, int MaxReplay)
{
    /// <summary>The maximum number of rooms of a user, summed over its connections; 0 = no limit.</summary>
    public int MaxPerUser { get; init; }

    /// <summary>The maximum number of rooms with members; 0 = no limit.</summary>
    public int MaxRooms { get; init; }

    /// <summary>Whether server code may join connections to rooms of any name, as it names groups in a hub of its own.</summary>
    public bool AllowsAnyName { get; init; }
}
