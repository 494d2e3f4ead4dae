using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>What the backplane brings to this replica: messages for the fan-out, and instructions of other replicas for a connection here.</summary>
public sealed class BackplaneReceiver(FanOut fanOut, ConnectionTable connections, RoomTable rooms, RoomMembership membership) : IBackplaneReceiver
{
    public int Deliver(Audience audience, Message message, Position position) => fanOut.Deliver(audience, message, position);

    public void LostAnnouncements(string room)
    {
        if (!rooms.PolicyOf(room).HasPresence) return;
        var (audience, message) = Announcement.Reset(room);
        fanOut.Deliver(audience, message, Position.None);
    }

    public ValueTask WhenReadyAsync() => fanOut.WhenReadyAsync();

    public ValueTask WhenTakenAsync(string room) => fanOut.WhenTakenAsync(room);

    public async ValueTask<Error?> CarryOutAsync(RemoteCommand instruction)
    {
        if (connections.Find(instruction.ConnectionId) is not { } connection) return Error.NoSuchConnection;
        if (instruction.Enter) return (await membership.JoinAsync(connection, instruction.Room).ConfigureAwait(false)).Error;
        await membership.LeaveAsync(connection, instruction.Room).ConfigureAwait(false);
        return null;
    }
}
