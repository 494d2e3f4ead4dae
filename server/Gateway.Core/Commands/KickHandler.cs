using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>kick {"user_id"?,"connection_id"?,"room"?}</c> → <c>{"connections"}</c>: removes a user or a connection from a room, or without a
/// room closes the connections. They may come again.
/// </summary>
internal sealed class KickHandler(Moderator moderator) : ICommandHandler
{
    private const int MaxConnectionIdLength = 128;

    private static readonly FieldNames Fields = new("user_id", "connection_id", "room");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        if (ModerationRequest.CheckRight(sender, moderator) is { } forbidden) return (CommandResult)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.OptionalString(0, ModerationRequest.MaxUserIdLength);
        var connectionId = fields.OptionalString(1, MaxConnectionIdLength);
        var room = RoomName.Normalize(fields.OptionalString(2, RoomName.MaxLength));
        if ((fields.Error ?? ModerationRequest.CheckRoom(room)) is { } error) return (CommandResult)error;
        if (string.IsNullOrEmpty(userId) == string.IsNullOrEmpty(connectionId))
            return (CommandResult)Error.BadRequest("either user_id or connection_id must be given");
        return KickAsync(userId, connectionId, room, sender.User.Id);
    }

    private async ValueTask<CommandResult> KickAsync(string? userId, string? connectionId, string? room, string by)
    {
        var connections = await moderator.KickAsync(userId, connectionId, room, by).ConfigureAwait(false);
        if (connections > 0) return CommandResult.Done(ModerationPayloads.KickedCount(connections));
        var who = userId != null ? $"user {userId}" : $"connection {connectionId}";
        return Error.NotFound(room == null ? $"{who} is not connected" : $"{who} is not in room {room}");
    }
}
