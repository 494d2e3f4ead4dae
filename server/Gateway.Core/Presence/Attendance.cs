using Gateway.Core.Connections;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// Sees to it that the roster hears of every membership once when it begins and once when it ends, in this order, however a join and a leave meet.
/// Rooms that neither list nor announce their members cost nothing.
/// </summary>
public sealed class Attendance(IRoster roster, RoomTable rooms, TimeProvider time)
{
    private readonly RosterReader _reader = new(roster, time);

    internal ValueTask EnterAsync(Room room, Membership membership)
    {
        if (!room.Policy.HasRoster) return default;
        lock (membership)
        {
            if (membership.Attendance != AttendanceState.NotYet) return default; // it has left already
            membership.Attendance = AttendanceState.Present;
            return roster.EnterAsync(room.Name, membership.Connection);
        }
    }

    /// <param name="atOnce">Its user wanted to leave, so that it does not come back in a moment.</param>
    internal ValueTask LeaveAsync(Room room, Membership membership, bool atOnce)
    {
        if (!room.Policy.HasRoster) return default;
        lock (membership)
        {
            var was = membership.Attendance;
            membership.Attendance = AttendanceState.Over;
            return was == AttendanceState.Present ? roster.LeaveAsync(room.Name, membership.Connection, atOnce) : default;
        }
    }

    /// <summary>Completes when the lists of all the connection's rooms show its status.</summary>
    /// <param name="hiddenIn">Rooms that do not see it.</param>
    public async ValueTask SetStatusAsync(Connection connection, string status, IReadOnlySet<string> hiddenIn)
    {
        connection.SetStatus(status, hiddenIn);
        var updates = connection.Rooms.Names().Where(room => rooms.PolicyOf(room).HasRoster).Select(room => roster.UpdateAsync(room, connection).AsTask());
        await Task.WhenAll(updates).ConfigureAwait(false);
    }

    /// <summary>Who came first stands first. The list of a large room may be a second old.</summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    public Task<IReadOnlyList<PresentMember>> ListAsync(string room) => _reader.ListAsync(room);
}
