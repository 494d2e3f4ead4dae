namespace Gateway.Core.Commands;

/// <summary>
/// The cost of an answer beyond its command, in messages of the rate limit: one for each full <see cref="BytesEach"/> sent, or for each
/// <see cref="MessagesEach"/> messages sent again, whichever is more. So the rate limit bounds what a client can make the gateway send.
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
