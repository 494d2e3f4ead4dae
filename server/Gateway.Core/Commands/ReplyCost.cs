namespace Gateway.Core.Commands;

/// <summary>
/// What an answer costs its asker beyond the question, in messages of the rate limit: one for each full <see cref="BytesEach"/> that it was sent, or for each
/// <see cref="MessagesEach"/> messages that were sent again, whichever is more. So what a client can make the gateway send is bounded as what it sends itself.
/// </summary>
internal static class ReplyCost
{
    public const int BytesEach = 64 * 1024;
    public const int MessagesEach = 256;

    public static int Of(in CommandResult outcome)
    {
        var replayed = outcome.Replayed;
        return (int)Math.Max((outcome.Result.Length + (replayed?.Bytes ?? 0)) / BytesEach, (replayed?.Replayed ?? 0) / MessagesEach);
    }
}
