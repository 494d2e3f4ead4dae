using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>mute {"user_id","room"?,"duration"}</c> → <c>{"user_id","room"?,"until"}</c>: the user may not publish in the room, or anywhere.
/// </summary>
internal sealed class MuteHandler(Moderator moderator) : ICommandHandler
{
    private static readonly FieldNames Fields = new("user_id", "room", "duration");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        if (ModerationRequest.CheckRight(sender, moderator) is { } forbidden) return (CommandResult)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationRequest.MaxUserIdLength);
        var room = RoomName.Normalize(fields.OptionalString(1, RoomName.MaxLength));
        var text = fields.RequiredString(2, 16);
        TimeSpan? duration = null;
        var error = fields.Error ?? ModerationRequest.CheckUser(userId) ?? ModerationRequest.CheckRoom(room)
            ?? ModerationRequest.ReadDuration(text, out duration);
        if (error != null) return (CommandResult)error;
        return MuteAsync(userId, room, duration!.Value, sender.User.Id);
    }

    private async ValueTask<CommandResult> MuteAsync(string userId, string? room, TimeSpan duration, string by)
    {
        var mute = await moderator.MuteAsync(userId, room, duration, by).ConfigureAwait(false);
        return CommandResult.Done(ModerationPayloads.Restriction(userId, room, mute.Until));
    }
}
