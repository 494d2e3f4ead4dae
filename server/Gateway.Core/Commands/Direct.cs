using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>direct {"to","content","message_id"?}</c> → <c>{"connections"}</c>: says something to one user, on all that user's connections, and how many they are.</summary>
internal sealed class Direct(Publisher publisher, DirectMessagePermission rights, Moderator moderator, TimeProvider time) : ICommand
{
    private const int MaxUserIdLength = 256;

    private static readonly FieldNames Fields = new("to", "content", "message_id");

    public string Type => "direct";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        var fields = new PayloadFields(payload, Fields);
        var to = fields.RequiredString(0, MaxUserIdLength);
        var content = fields.RequiredText(1);
        var messageId = fields.OptionalString(2, Chat.MaxMessageIdLength);
        if (fields.Error is { } error) return (CommandResult)error;
        if (moderator.CheckMute(sender, room: null) is { } muted) return (CommandResult)muted;
        if (to.Length == 0) return (CommandResult)Error.BadRequest("to must not be empty");

        return PublishAsync(sender, to, new Message(Type, Payloads.Direct(to, sender.User.Id, sender.User.Name, content, time.GetUtcNow(), messageId)));
    }

    private async ValueTask<CommandResult> PublishAsync(Connection sender, string to, Message message)
    {
        if (await rights.CheckAsync(sender, to).ConfigureAwait(false) is { } refused) return refused;
        var connections = await publisher.PublishToUserAsync(to, message).ConfigureAwait(false);
        return connections > 0 ? CommandResult.Done(Payloads.Delivered(connections)) : DirectMessagePermission.NotConnected(to);
    }
}
