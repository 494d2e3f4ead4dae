using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>What the backplane brings to this replica: messages for the fan-out, and instructions of other replicas for a connection here.</summary>
public sealed class BackplaneReceiver(FanOut fanOut, ConnectionTable connections, RoomMembership membership) : IBackplaneReceiver
{
    public int Deliver(Audience audience, Message message, Position position) => fanOut.Deliver(audience, message, position);

    public ValueTask WhenReadyAsync() => fanOut.WhenReadyAsync();

    public async ValueTask<bool> CarryOutAsync(Instruction instruction)
    {
        if (connections.Find(instruction.ConnectionId) is not { } connection) return false;
        if (instruction.Enter) return (await membership.JoinAsync(connection, instruction.Room).ConfigureAwait(false)).Error == null;
        await membership.LeaveAsync(connection, instruction.Room).ConfigureAwait(false);
        return true;
    }
}
