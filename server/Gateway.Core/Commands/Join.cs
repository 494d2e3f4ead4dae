using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>join {"room"}</c> → <c>{"room","epoch"?,"offset"?}</c>.</summary>
internal sealed class Join(RoomMembership membership) : ICommand
{
    private static readonly FieldNames Fields = new("room");

    public string Type => "join";

    public ValueTask<Outcome> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        var fields = new PayloadFields(payload, Fields);
        var room = fields.RequiredString(0, RoomName.MaxLength);
        return fields.Error is { } error ? (Outcome)error : JoinAsync(sender, room);
    }

    private async ValueTask<Outcome> JoinAsync(Connection sender, string room)
    {
        var (error, position) = await membership.JoinAsync(sender, room).ConfigureAwait(false);
        return error != null ? error : Outcome.Done(Payloads.Joined(room, position));
    }
}
