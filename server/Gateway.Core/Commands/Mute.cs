using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>mute {"user_id","room"?,"duration"}</c> → <c>{"user_id","room"?,"until"}</c>: the user may say nothing in the room, or anywhere.</summary>
internal sealed class Mute(Moderator moderator) : ICommand
{
    private static readonly FieldNames Fields = new("user_id", "room", "duration");

    public string Type => "mute";

    public ValueTask<Outcome> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        if (ModerationOrder.CheckRight(sender, moderator) is { } forbidden) return (Outcome)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationOrder.MaxUserIdLength);
        var room = RoomName.Normalize(fields.OptionalString(1, RoomName.MaxLength));
        var text = fields.RequiredString(2, 16);
        TimeSpan? duration = null;
        if ((fields.Error ?? ModerationOrder.CheckUser(userId) ?? ModerationOrder.CheckRoom(room) ?? ModerationOrder.ReadDuration(text, out duration)) is { } error) return (Outcome)error;
        return MuteAsync(userId, room, duration!.Value, sender.User.Id);
    }

    private async ValueTask<Outcome> MuteAsync(string userId, string? room, TimeSpan duration, string by)
    {
        var mute = await moderator.MuteAsync(userId, room, duration, by).ConfigureAwait(false);
        return Outcome.Done(ModerationPayloads.Holding(userId, room, mute.Until));
    }
}
