using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>ban {"user_id","duration"?}</c> → <c>{"user_id","until"?}</c>: the user's connections are closed, and it gets no new ones; without a duration for good.</summary>
internal sealed class Ban(Moderator moderator) : ICommand
{
    private static readonly FieldNames Fields = new("user_id", "duration");

    public string Type => "ban";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        if (ModerationRequest.CheckRight(sender, moderator) is { } forbidden) return (CommandResult)forbidden;
        var fields = new PayloadFields(payload, Fields);
        var userId = fields.RequiredString(0, ModerationRequest.MaxUserIdLength);
        var text = fields.OptionalString(1, 16);
        TimeSpan? duration = null;
        if ((fields.Error ?? ModerationRequest.CheckUser(userId) ?? ModerationRequest.ReadDuration(text, out duration)) is { } error) return (CommandResult)error;
        return BanAsync(userId, duration, sender.User.Id);
    }

    private async ValueTask<CommandResult> BanAsync(string userId, TimeSpan? duration, string by)
    {
        var ban = await moderator.BanAsync(userId, duration, by).ConfigureAwait(false);
        return CommandResult.Done(ModerationPayloads.Restriction(userId, null, ban.Until));
    }
}
