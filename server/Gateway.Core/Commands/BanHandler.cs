using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>ban {"user_id","duration"?}</c> → <c>{"user_id","until"?}</c>: closes the user's connections and admits no new ones; without a
/// duration for good.
/// </summary>
internal sealed class BanHandler(Moderator moderator) : ICommandHandler
{
    private static readonly FieldNames Fields = new("user_id", "duration");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        if (ModerationRequest.CheckRight(sender, moderator) is { } forbidden) return (CommandResult)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationRequest.MaxUserIdLength);
        var text = fields.OptionalString(1, 16);
        TimeSpan? duration = null;
        var error = fields.Error ?? ModerationRequest.CheckUser(userId) ?? ModerationRequest.ReadDuration(text, out duration);
        if (error != null) return (CommandResult)error;
        return BanAsync(userId, duration, sender.User.Id);
    }

    private async ValueTask<CommandResult> BanAsync(string userId, TimeSpan? duration, string by)
    {
        var ban = await moderator.BanAsync(userId, duration, by).ConfigureAwait(false);
        return CommandResult.Done(ModerationPayloads.Restriction(userId, null, ban.Until));
    }
}
