using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Receives what the backplane delivers: messages for the fan-out, and commands of other replicas for a local connection.
/// </summary>
internal sealed class BackplaneReceiver(
    FanOut fanOut, ConnectionTable connections, RoomTable rooms, RoomMembership membership, IClientInvoker clients,
    SystemMessages systemMessages) : IBackplaneReceiver
{
    public int Deliver(Audience audience, Message message, Position position)
    {
        if (!message.IsSystem || systemMessages.AreSent) return fanOut.Deliver(audience, message, position);
        rooms.Find(audience.Name)?.Advance(position);
        return 0;
    }

    public void OnAnnouncementsLost(string room)
    {
        if (!rooms.PolicyOf(room).HasPresence) return;
        var (audience, message) = Announcement.Reset(room);
        fanOut.Deliver(audience, message, Position.None);
    }

    public ValueTask WaitForCapacityAsync() => fanOut.WaitForCapacityAsync();

    public ValueTask WaitForRoomCapacityAsync(string room) => fanOut.WaitForRoomCapacityAsync(room);

    public async ValueTask<RemoteResult> ExecuteAsync(RemoteCommand command)
    {
        if (connections.Find(command.ConnectionId) is not { } connection) return Error.NoSuchConnection;
        switch (command.Action)
        {
            case RemoteAction.Join:
                return (await membership.JoinAsync(connection, command.Name).ConfigureAwait(false)).Error;
            case RemoteAction.Leave:
                await fanOut.WhenPosted(connection).ConfigureAwait(false); // it still gets what was sent before it leaves
                await membership.LeaveAsync(connection, command.Name).ConfigureAwait(false);
                return default;
            default:
                return await clients.InvokeAsync(connection, command).ConfigureAwait(false);
        }
    }
}
