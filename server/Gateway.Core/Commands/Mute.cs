using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>mute {"user_id","room"?,"duration"}</c> → <c>{"user_id","room"?,"until"}</c>: the user may say nothing in the room, or anywhere.</summary>
internal sealed class Mute(Moderator moderator) : ICommand
{
    private static readonly FieldNames Fields = new("user_id", "room", "duration");

    public string Type => "mute";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        if (ModerationRequest.CheckRight(sender, moderator) is { } forbidden) return (CommandResult)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationRequest.MaxUserIdLength);
        var room = RoomName.Normalize(fields.OptionalString(1, RoomName.MaxLength));
        var text = fields.RequiredString(2, 16);
        TimeSpan? duration = null;
        if ((fields.Error ?? ModerationRequest.CheckUser(userId) ?? ModerationRequest.CheckRoom(room) ?? ModerationRequest.ReadDuration(text, out duration)) is { } error) return (CommandResult)error;
        return MuteAsync(userId, room, duration!.Value, sender.User.Id);
    }

    private async ValueTask<CommandResult> MuteAsync(string userId, string? room, TimeSpan duration, string by)
    {
        var mute = await moderator.MuteAsync(userId, room, duration, by).ConfigureAwait(false);
        return CommandResult.Done(ModerationPayloads.Restriction(userId, room, mute.Until));
    }
}
