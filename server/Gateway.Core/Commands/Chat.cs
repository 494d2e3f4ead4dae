using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Idempotency;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>chat {"room"?,"content","message_id"?}</c> → <c>{"offset"?}</c>: says something in a room that the sender is in; under one <c>message_id</c> only once.</summary>
internal sealed class Chat(Publisher publisher, RoomTable rooms, Moderator moderator, TimeProvider time) : ICommand
{
    public const int MaxMessageIdLength = 128;

    private static readonly FieldNames Fields = new("room", "content", "message_id");

    public string Type => "chat";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        var fields = new PayloadFields(payload, Fields);
        var room = RoomName.Normalize(fields.OptionalString(0, RoomName.MaxLength)) ?? RoomName.Lobby;
        var content = fields.RequiredText(1);
        var messageId = fields.OptionalString(2, MaxMessageIdLength);
        if ((fields.Error ?? PublishPermission.Check(sender, room, rooms) ?? moderator.CheckMute(sender, room)) is { } error) return (CommandResult)error;

        var message = new Message(Type, Payloads.Chat(room, sender.User.Id, sender.User.Name, content, time.GetUtcNow(), messageId)) { CarriesOffset = true };
        return PublishAsync(PublishPermission.AudienceOf(sender, room, rooms), message, MessageIdempotencyKey.Key(sender.User.Id, messageId));
    }

    private async ValueTask<CommandResult> PublishAsync(Audience audience, Message message, string? idempotencyKey)
    {
        var published = await publisher.PublishAsync(audience, message, idempotencyKey).ConfigureAwait(false);
        return CommandResult.Done(Payloads.Published(published.Position));
    }
}
