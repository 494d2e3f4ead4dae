using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Idempotency;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>chat {"room"?,"content","message_id"?}</c> → <c>{"offset"?}</c>: publishes text in a room that the sender is in. Two messages of a
/// user with the same <c>message_id</c> are published once.
/// </summary>
internal sealed class ChatHandler(Publisher publisher, RoomTable rooms, Moderator moderator, TimeProvider time) : ICommandHandler
{
    public const int MaxMessageIdLength = 128;

    private static readonly FieldNames Fields = new("room", "content", "message_id");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        var fields = new PayloadFields(payload, Fields);
        var room = RoomName.Normalize(fields.OptionalString(0, RoomName.MaxLength)) ?? RoomName.Lobby;
        var content = fields.RequiredText(1);
        var messageId = fields.OptionalString(2, MaxMessageIdLength);
        var error = fields.Error ?? PublishPermission.Check(sender, room, rooms) ?? moderator.CheckMute(sender, room);
        if (error != null) return (CommandResult)error;

        var (userId, name) = (sender.User.Id, sender.User.Name);
        var message = new Message("chat", Payloads.Chat(room, userId, name, content, time.GetUtcNow(), messageId)) { CarriesOffset = true };
        return PublishAsync(PublishPermission.AudienceOf(sender, room, rooms), message, MessageIdempotencyKey.Key(userId, messageId));
    }

    private async ValueTask<CommandResult> PublishAsync(Audience audience, Message message, string? idempotencyKey)
    {
        var published = await publisher.PublishAsync(audience, message, idempotencyKey).ConfigureAwait(false);
        return CommandResult.Done(Payloads.Published(published.Position));
    }
}
