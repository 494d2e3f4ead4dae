using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>join {"room","since"?:{"epoch","offset"}}</c> → <c>{"room","epoch"?,"offset"?,"recovered"?,"replayed"?,"reason"?}</c>. With <c>since</c>, what the
/// client has missed since that place comes first.
/// </summary>
internal sealed class Join(RoomMembership membership, RoomTable rooms) : ICommand
{
    private const int MaxEpochLength = 64;

    private static readonly FieldNames Fields = new("room", "since");
    private static readonly FieldNames SinceFields = FieldNames.Of("since", "epoch", "offset");

    public string Type => "join";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        var fields = new PayloadFields(payload, Fields);
        var room = RoomName.Normalize(fields.RequiredString(0, RoomName.MaxLength));
        if (fields.Error is { } error) return (CommandResult)error;
        Position? since = null;
        if (fields.Raw(1) is { IsEmpty: false } place)
        {
            if (place[0] != '{') return (CommandResult)Error.BadRequest("since must be an object");
            var placeFields = new PayloadFields(place, SinceFields);
            since = new Position(placeFields.RequiredString(0, MaxEpochLength), placeFields.RequiredWhole(1, 0, long.MaxValue));
            if (placeFields.Error is { } fault) return (CommandResult)fault;
            if (since.Value.IsNone) return (CommandResult)Error.BadRequest("since.epoch must not be empty");
        }
        if (rooms.Permissions.Check(sender.User, room, RoomAction.Join) is { } refused) return (CommandResult)refused;
        if (since != null && rooms.Permissions.Check(sender.User, room, RoomAction.History) is { } unread) return (CommandResult)unread;
        return JoinAsync(sender, room, since);
    }

    private async ValueTask<CommandResult> JoinAsync(Connection sender, string room, Position? since)
    {
        var joined = await membership.JoinAsync(sender, room, since: since).ConfigureAwait(false);
        return joined.Error != null ? joined.Error : CommandResult.Done(RoomPayloads.Joined(room, joined.Position, joined.Recovery?.Replayed, joined.Recovery?.Reason), joined.Recovery);
    }
}
