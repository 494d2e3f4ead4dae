using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>unban {"user_id"}</c> → <c>{"user_id"}</c>.</summary>
internal sealed class UnbanHandler(Moderator moderator) : ICommandHandler
{
    private static readonly FieldNames Fields = new("user_id");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        if (ModerationRequest.CheckRight(sender, moderator) is { } forbidden) return (CommandResult)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationRequest.MaxUserIdLength);
        var error = fields.Error ?? ModerationRequest.CheckUser(userId);
        return error != null ? (CommandResult)error : UnbanAsync(userId, sender.User.Id);
    }

    private async ValueTask<CommandResult> UnbanAsync(string userId, string by) =>
        await moderator.UnbanAsync(userId, by).ConfigureAwait(false)
            ? CommandResult.Done(ModerationPayloads.Restriction(userId, null, null))
            : Error.NotFound($"user {userId} is not banned");
}
