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

    public ValueTask<Outcome> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        if (ModerationOrder.CheckRight(sender, moderator) is { } forbidden) return (Outcome)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationOrder.MaxUserIdLength);
        return (fields.Error ?? ModerationOrder.CheckUser(userId)) is { } error ? (Outcome)error : UnbanAsync(userId, sender.User.Id);
    }

    private async ValueTask<Outcome> UnbanAsync(string userId, string by) =>
        await moderator.UnbanAsync(userId, by).ConfigureAwait(false)
            ? Outcome.Done(ModerationPayloads.Holding(userId, null, null))
            : Error.NotFound($"user {userId} is not banned");
}
