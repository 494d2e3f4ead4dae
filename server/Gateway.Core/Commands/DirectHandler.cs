using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>direct {"to","content","message_id"?}</c> → <c>{"connections"}</c>: sends text to all connections of one user, and tells how many
/// they are.
/// </summary>
internal sealed class DirectHandler(Publisher publisher, DirectMessagePermission permission, Moderator moderator, TimeProvider time)
    : ICommandHandler
{
    private const int MaxUserIdLength = 256;

    private static readonly FieldNames Fields = new("to", "content", "message_id");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        var fields = new PayloadFields(payload, Fields);
        var to = fields.RequiredString(0, MaxUserIdLength);
        var content = fields.RequiredText(1);
        var messageId = fields.OptionalString(2, ChatHandler.MaxMessageIdLength);
        if (fields.Error is { } error) return (CommandResult)error;
        if (moderator.CheckMute(sender, room: null) is { } muted) return (CommandResult)muted;
        if (to.Length == 0) return (CommandResult)Error.BadRequest("to must not be empty");

        var (userId, name) = (sender.User.Id, sender.User.Name);
        return PublishAsync(sender, to, new Message("direct", Payloads.Direct(to, userId, name, content, time.GetUtcNow(), messageId)));
    }

    private async ValueTask<CommandResult> PublishAsync(Connection sender, string to, Message message)
    {
        if (await permission.CheckAsync(sender, to).ConfigureAwait(false) is { } refused) return refused;
        var connections = await publisher.PublishToUserAsync(to, message).ConfigureAwait(false);
        return connections > 0 ? CommandResult.Done(Payloads.Delivered(connections)) : DirectMessagePermission.NotConnected(to);
    }
}
