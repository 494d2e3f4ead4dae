using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Idempotency;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// A type that the configuration declares (or, with <c>messages.relay_unknown</c>, any): the payload goes to the room that its field
/// <c>room</c> names, else to <c>lobby</c>, as it is, with its sender beside it; under one <c>message_id</c> only once. → <c>{"offset"?}</c>.
/// </summary>
internal sealed class CustomMessage(string type, bool clientsPublish, Publisher publisher, RoomTable rooms, Moderator moderator) : ICommand
{
    private static readonly FieldNames Fields = new("room", "offset", "message_id");

    public string Type => type;

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        if (!clientsPublish) return (CommandResult)Error.Forbidden($"only the server sends {type}");
        if (JsonRules.Check(payload) is { } malformed) return (CommandResult)malformed;
        var isObject = payload.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
        var room = RoomName.Lobby;
        string? messageId = null;
        if (isObject)
        {
            var fields = new PayloadFields(payload, Fields);
            room = RoomName.Normalize(fields.OptionalString(0, RoomName.MaxLength)) ?? RoomName.Lobby;
            messageId = fields.OptionalString(2, Chat.MaxMessageIdLength);
            if (fields.Error is { } error) return (CommandResult)error;
            if (!fields.Raw(1).IsEmpty) return (CommandResult)Error.BadRequest("offset is assigned by the gateway: leave it out");
        }
        if ((PublishPermission.Check(sender, room, rooms) ?? moderator.CheckMute(sender, room)) is { } refused) return (CommandResult)refused;

        var message = new Message(type, payload.Trim(" \t\r\n"u8).ToArray()) { CarriesOffset = isObject, Sender = new MessageSender(sender.User.Id, sender.User.Name) };
        return PublishAsync(PublishPermission.AudienceOf(sender, room, rooms), message, MessageIdempotencyKey.Key(sender.User.Id, messageId));
    }

    private async ValueTask<CommandResult> PublishAsync(Audience audience, Message message, string? idempotencyKey)
    {
        var published = await publisher.PublishAsync(audience, message, idempotencyKey).ConfigureAwait(false);
        return CommandResult.Done(Payloads.Published(published.Position));
    }
}
