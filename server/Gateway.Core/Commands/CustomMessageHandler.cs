using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Idempotency;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// A type that the configuration declares (or, with <c>messages.relay_unknown</c>, any other type) → <c>{"offset"?}</c>: publishes the
/// payload unchanged, with its sender beside it, in the room that its field <c>room</c> names, else in <c>lobby</c>. Two messages of a user
/// with the same <c>message_id</c> are published once.
/// </summary>
internal sealed class CustomMessageHandler(bool clientsPublish, CommandServices services) : ICommandHandler
{
    private static readonly FieldNames Fields = new("room", "offset", "message_id");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        if (!clientsPublish) return (CommandResult)Error.Forbidden($"only the server sends {context.Type}");
        if (JsonRules.Check(payload) is { } malformed) return (CommandResult)malformed;
        var isObject = payload.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
        var room = RoomName.Lobby;
        string? messageId = null;
        if (isObject)
        {
            var fields = new PayloadFields(payload, Fields);
            room = RoomName.Normalize(fields.OptionalString(0, RoomName.MaxLength)) ?? RoomName.Lobby;
            messageId = fields.OptionalString(2, ChatHandler.MaxMessageIdLength);
            if (fields.Error is { } error) return (CommandResult)error;
            if (!fields.Raw(1).IsEmpty) return (CommandResult)Error.BadRequest("offset is assigned by the gateway: leave it out");
        }
        if ((context.CheckPublish(room) ?? context.CheckMute(room)) is { } refused) return (CommandResult)refused;

        var message = new Message(context.Type, payload.Trim(" \t\r\n"u8).ToArray())
        {
            CarriesOffset = isObject,
            Sender = new MessageSender(sender.User.Id, sender.User.Name),
        };
        var audience = PublishPermission.AudienceOf(sender, room, services.Rooms);
        return PublishAsync(audience, message, MessageIdempotencyKey.Key(sender.User.Id, messageId));
    }

    private async ValueTask<CommandResult> PublishAsync(Audience audience, Message message, string? idempotencyKey)
    {
        var published = await services.Publisher.PublishAsync(audience, message, idempotencyKey).ConfigureAwait(false);
        return CommandResult.Done(Payloads.Published(published.Position));
    }
}
