using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>leave {"room"}</c> → <c>{"room"}</c>.</summary>
internal sealed class LeaveHandler(RoomMembership membership) : ICommandHandler
{
    private static readonly FieldNames Fields = new("room");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        var fields = new PayloadFields(payload, Fields);
        var room = RoomName.Normalize(fields.RequiredString(0, RoomName.MaxLength));
        return fields.Error is { } error ? (CommandResult)error : LeaveAsync(sender, room);
    }

    private async ValueTask<CommandResult> LeaveAsync(Connection sender, string room) =>
        await membership.LeaveAsync(sender, room).ConfigureAwait(false)
            ? CommandResult.Done(Payloads.Left(room))
            : Error.NotFound($"not in room {room}");
}
