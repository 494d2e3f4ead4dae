using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>How much one connection may send: a sliding window.</summary>
/// <param name="messages">In one window; 0 = no limit.</param>
public sealed class RateLimit(int messages, TimeSpan window, TimeProvider time)
{
    /// <summary>Whoever is refused more than so many times its limit within a window does not listen, and is closed for flooding.</summary>
    private const int FloodFactor = 5;

    internal Error? Admit(Connection sender)
    {
        if (messages == 0 || sender.Sent.TryAdd(messages, window, time, out var retryAfter)) return null;
        if (!sender.Refused.TryAdd(messages * FloodFactor, window, time, out _)) sender.Close(CloseReason.Flooding);
        return Error.RateLimited(retryAfter);
    }
}
