using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>unban {"user_id"}</c> → <c>{"user_id"}</c>.</summary>
internal sealed class Unban(Moderator moderator) : ICommand
{
    private static readonly FieldNames Fields = new("user_id");

    public string Type => "unban";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        if (ModerationRequest.CheckRight(sender, moderator) is { } forbidden) return (CommandResult)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationRequest.MaxUserIdLength);
        return (fields.Error ?? ModerationRequest.CheckUser(userId)) is { } error ? (CommandResult)error : UnbanAsync(userId, sender.User.Id);
    }

    private async ValueTask<CommandResult> UnbanAsync(string userId, string by) =>
        await moderator.UnbanAsync(userId, by).ConfigureAwait(false)
            ? CommandResult.Done(ModerationPayloads.Restriction(userId, null, null))
            : Error.NotFound($"user {userId} is not banned");
}
