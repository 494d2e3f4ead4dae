using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>history {"room"?,"limit"?,"before"?,"after"?}</c> → <c>{"room","epoch","messages":[{"offset","type","payload"}],"more"}</c>: the
/// messages of a room (<c>lobby</c>) that the sender is in. The newest page, or the page before an offset, or after it; oldest first in
/// each.
/// </summary>
internal sealed class HistoryHandler(IBackplane backplane, RoomTable rooms) : ICommandHandler
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 1000;

    private static readonly FieldNames Fields = new("room", "limit", "before", "after");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        var fields = new PayloadFields(payload, Fields);
        var room = RoomName.Normalize(fields.OptionalString(0, RoomName.MaxLength)) ?? RoomName.Lobby;
        var limit = fields.OptionalWhole(1, 1, MaxLimit) ?? DefaultLimit;
        var before = fields.OptionalWhole(2, 1, long.MaxValue);
        var after = fields.OptionalWhole(3, 0, long.MaxValue);
        if ((fields.Error ?? RoomName.Check(room)) is { } error) return (CommandResult)error;
        if (!sender.Rooms.Contains(room)) return (CommandResult)Error.Forbidden($"not in room {room}");
        if (rooms.Permissions.Check(sender.User, room, RoomAction.History) is { } refused) return (CommandResult)refused;
        if (rooms.PolicyOf(room).Retention is not { Messages: > 0 } retention)
            return (CommandResult)Error.NotFound($"room {room} keeps no history");
        var range = new HistoryRange(after ?? 0, before ?? long.MaxValue, (int)limit)
        {
            FromEnd = after == null,
            MaxBytes = (int)Math.Min(256 * 1024, sender.Outbox.Limits.Bytes / 2),
        };
        return ReadAsync(sender.Id, room, range, retention);
    }

    private async ValueTask<CommandResult> ReadAsync(string reader, string room, HistoryRange range, Retention retention)
    {
        var page = await backplane.ReadHistoryAsync(room, range, retention).ConfigureAwait(false);
        var messages = page.Messages.Where(m => !m.Audience.Except.Contains(reader));
        var payload = RoomPayloads.History(room, page.Head.Epoch, messages.Select(m => (m.Offset, m.Message)), page.HasMore);
        return CommandResult.Reply("history", payload);
    }
}
