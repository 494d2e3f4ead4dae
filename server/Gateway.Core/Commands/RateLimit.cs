using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>How much one connection may send: a sliding window.</summary>
/// <param name="messages">In one window; 0 = no limit.</param>
public sealed class RateLimit(int messages, TimeSpan window, TimeProvider time)
{
    internal Error? Admit(Connection sender)
    {
        if (messages == 0) return null;
        return sender.Sent.TryAdd(messages, window, time, out var retryAfter) ? null : Error.RateLimited(retryAfter);
    }
}
