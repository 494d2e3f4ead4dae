using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>unmute {"user_id","room"?}</c> → <c>{"user_id","room"?}</c>: lifts the <c>mute</c> in the room, or without a room the one everywhere.
/// </summary>
internal sealed class UnmuteHandler(Moderator moderator) : ICommandHandler
{
    private static readonly FieldNames Fields = new("user_id", "room");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        if (ModerationRequest.CheckRight(sender, moderator) is { } forbidden) return (CommandResult)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationRequest.MaxUserIdLength);
        var room = RoomName.Normalize(fields.OptionalString(1, RoomName.MaxLength));
        var error = fields.Error ?? ModerationRequest.CheckUser(userId) ?? ModerationRequest.CheckRoom(room);
        return error != null ? (CommandResult)error : UnmuteAsync(userId, room, sender.User.Id);
    }

    private async ValueTask<CommandResult> UnmuteAsync(string userId, string? room, string by) =>
        await moderator.UnmuteAsync(userId, room, by).ConfigureAwait(false)
            ? CommandResult.Done(ModerationPayloads.Restriction(userId, room, null))
            : Error.NotFound(room == null ? $"user {userId} is not muted everywhere" : $"user {userId} is not muted in room {room}");
}
