using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Broadcast;

/// <summary>Limits the rooms of a connection, of a user and of the domain, on this replica.</summary>
internal sealed partial class RoomAdmission(
    MembershipLimits limits, ConnectionTable connections, RoomTable rooms, GatewayMeter meter, TimeProvider time,
    ILogger<RoomAdmission> logger)
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(1);

    private readonly Counter<long> _refused = meter.Counter(
        "gateway_rooms_refused_total", "Rooms that a connection was not let into, because it, its user or the hub has too many.");
    private long _loggedAt;

    /// <summary>Adds the room to the connection, unless a limit is reached.</summary>
    internal (AddRoomResult Entry, Error? Error) Enter(Connection connection, string room, Membership membership)
    {
        var entry = connection.Rooms.TryAdd(room, membership, limits.MaxPerConnection);
        if (entry == AddRoomResult.TooMany)
            return (entry, Refuse(connection, Error.Forbidden($"a connection may be in {limits.MaxPerConnection} rooms")));
        if (entry != AddRoomResult.Added || Check(connection, room) is not { } error) return (entry, null);
        connection.Rooms.Remove(room, membership);
        return (AddRoomResult.TooMany, Refuse(connection, error));
    }

    private Error? Check(Connection connection, string room)
    {
        if (limits.MaxRooms > 0 && rooms.Find(room) == null && rooms.Count >= limits.MaxRooms) return new Error(503, "too many rooms");
        if (limits.MaxPerUser == 0) return null;
        return connections.OfUser(connection.User.Id).Sum(static c => c.Rooms.Count) > limits.MaxPerUser
            ? Error.Forbidden($"a user may be in {limits.MaxPerUser} rooms, on all its connections together") : null;
    }

    private Error Refuse(Connection connection, Error error)
    {
        _refused.Add(1);
        var last = Volatile.Read(ref _loggedAt);
        var now = time.GetTimestamp();
        if ((last == 0 || time.GetElapsedTime(last, now) >= LogInterval) && Interlocked.CompareExchange(ref _loggedAt, now, last) == last)
            Log.Refused(logger, connection.Id, connection.User.Id, error.Text);
        return error;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Connection {ConnectionId} of user {UserId} cannot join a room: {Reason}")]
        public static partial void Refused(ILogger logger, string connectionId, string userId, string reason);
    }
}
