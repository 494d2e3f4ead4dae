using Gateway.Core.Connections;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// Adds every membership to the presence store once when it begins, and removes it once when it ends, in this order, even if a join and a
/// leave race. Rooms that neither list nor announce their members cost nothing.
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

    /// <param name="immediately">Whether to skip the grace period, because the user left the room.</param>
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

    /// <summary>Sets the status of a connection, and completes when the lists of all its rooms show it.</summary>
    /// <param name="hiddenIn">Rooms that do not see the status.</param>
    public async ValueTask SetStatusAsync(Connection connection, string status, IReadOnlySet<string> hiddenIn)
    {
        connection.SetStatus(status, hiddenIn);
        var listed = connection.Rooms.Names().Where(room => rooms.PolicyOf(room).HasPresence);
        await Task.WhenAll(listed.Select(room => presence.UpdateAsync(room, connection).AsTask())).ConfigureAwait(false);
    }

    /// <summary>
    /// Lists the users in a room, ordered by the time of their first connection. The list of a large room may be a second old.
    /// </summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is unavailable.</exception>
    public Task<IReadOnlyList<PresenceMember>> ListAsync(string room) => _reader.ListAsync(room);
}
