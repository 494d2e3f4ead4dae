using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>join {"room","since"?:{"epoch","offset"}}</c> → <c>{"room","epoch"?,"offset"?,"recovered"?,"replayed"?,"reason"?}</c>. With
/// <c>since</c>, the messages after that position are sent first.
/// </summary>
internal sealed class JoinHandler(RoomMembership membership, RoomTable rooms) : ICommandHandler
{
    private const int MaxEpochLength = 64;

    private static readonly FieldNames Fields = new("room", "since");
    private static readonly FieldNames SinceFields = FieldNames.Of("since", "epoch", "offset");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        var fields = new PayloadFields(payload, Fields);
        var room = RoomName.Normalize(fields.RequiredString(0, RoomName.MaxLength));
        if (fields.Error is { } error) return (CommandResult)error;
        Position? since = null;
        if (fields.Raw(1) is { IsEmpty: false } position)
        {
            if (position[0] != '{') return (CommandResult)Error.BadRequest("since must be an object");
            var sinceFields = new PayloadFields(position, SinceFields);
            since = new Position(sinceFields.RequiredString(0, MaxEpochLength), sinceFields.RequiredWhole(1, 0, long.MaxValue));
            if (sinceFields.Error is { } fault) return (CommandResult)fault;
            if (since.Value.IsNone) return (CommandResult)Error.BadRequest("since.epoch must not be empty");
        }
        if (rooms.Permissions.Check(sender.User, room, RoomAction.Join) is { } refused) return (CommandResult)refused;
        if (since != null && rooms.Permissions.Check(sender.User, room, RoomAction.History) is { } unread) return (CommandResult)unread;
        return JoinAsync(sender, room, since);
    }

    private async ValueTask<CommandResult> JoinAsync(Connection sender, string room, Position? since)
    {
        var joined = await membership.JoinAsync(sender, room, since: since).ConfigureAwait(false);
        if (joined.Error != null) return joined.Error;
        var recovery = joined.Recovery;
        return CommandResult.Done(RoomPayloads.Joined(room, joined.Position, recovery?.Replayed, recovery?.Reason), recovery);
    }
}
