using Gateway.Core.Connections;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// Sees to it that the roster hears of every membership once when it begins and once when it ends, in this order, however a join and a leave meet.
/// Rooms that neither list nor announce their members cost nothing.
/// </summary>
internal sealed class PresenceTracker(IPresenceStore presence, RoomTable rooms, TimeProvider time)
{
    private readonly PresenceReader _reader = new(presence, time);

    internal ValueTask JoinAsync(Room room, Membership membership)
    {
        if (!room.Policy.HasPresence) return default;
        lock (membership)
        {
            if (membership.Presence != PresenceState.None) return default; // it has left already
            membership.Presence = PresenceState.Present;
            return presence.AddAsync(room.Name, membership.Connection);
        }
    }

    /// <param name="immediately">Its user wanted to leave, so that it does not come back in a moment.</param>
    internal ValueTask LeaveAsync(Room room, Membership membership, bool immediately)
    {
        if (!room.Policy.HasPresence) return default;
        lock (membership)
        {
            var was = membership.Presence;
            membership.Presence = PresenceState.Left;
            return was == PresenceState.Present ? presence.RemoveAsync(room.Name, membership.Connection, immediately) : default;
        }
    }

    /// <summary>Completes when the lists of all the connection's rooms show its status.</summary>
    /// <param name="hiddenIn">Rooms that do not see it.</param>
    public async ValueTask SetStatusAsync(Connection connection, string status, IReadOnlySet<string> hiddenIn)
    {
        connection.SetStatus(status, hiddenIn);
        var updates = connection.Rooms.Names().Where(room => rooms.PolicyOf(room).HasPresence).Select(room => presence.UpdateAsync(room, connection).AsTask());
        await Task.WhenAll(updates).ConfigureAwait(false);
    }

    /// <summary>Who came first stands first. The list of a large room may be a second old.</summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    public Task<IReadOnlyList<PresenceMember>> ListAsync(string room) => _reader.ListAsync(room);
}
