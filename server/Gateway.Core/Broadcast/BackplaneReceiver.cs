using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Receives what the backplane delivers: messages for the fan-out, and commands of other replicas for a local connection.
/// </summary>
internal sealed class BackplaneReceiver(
    FanOut fanOut, ConnectionTable connections, RoomTable rooms, RoomMembership membership) : IBackplaneReceiver
{
    public int Deliver(Audience audience, Message message, Position position) => fanOut.Deliver(audience, message, position);

    public void OnAnnouncementsLost(string room)
    {
        if (!rooms.PolicyOf(room).HasPresence) return;
        var (audience, message) = Announcement.Reset(room);
        fanOut.Deliver(audience, message, Position.None);
    }

    public ValueTask WaitForCapacityAsync() => fanOut.WaitForCapacityAsync();

    public ValueTask WaitForRoomCapacityAsync(string room) => fanOut.WaitForRoomCapacityAsync(room);

    public async ValueTask<Error?> CarryOutAsync(RemoteCommand command)
    {
        if (connections.Find(command.ConnectionId) is not { } connection) return Error.NoSuchConnection;
        if (command.Enter) return (await membership.JoinAsync(connection, command.Room).ConfigureAwait(false)).Error;
        await membership.LeaveAsync(connection, command.Room).ConfigureAwait(false);
        return null;
    }
}
