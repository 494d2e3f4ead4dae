using Gateway.Core.Connections;
using Gateway.Core.Limits;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>How much one connection may send, and how much its user: a sliding window each.</summary>
/// <param name="messages">Of one connection in one window; 0 = no limit.</param>
internal sealed class MessageRateLimiter(int messages, TimeSpan window, TimeProvider time) : IDisposable
{
    /// <summary>Whoever is refused more than so many times its limit within a window does not listen, and is closed for flooding.</summary>
    private const int FloodFactor = 5;

    /// <summary>The user's, on all its connections.</summary>
    public UserRateLimit? PerUser { get; init; }

    /// <summary>What a user may tell all its rooms of itself, on all its connections to this replica.</summary>
    public SlidingWindows<string>? Announcements { get; init; }

    /// <summary>What is too much is counted, and let through.</summary>
    public bool DryRun { get; init; }

    internal Error? Admit(Connection sender)
    {
        if (messages > 0 && !sender.MessageWindow.TryAdd(messages, window, time, out var retryAfter)) return Refuse(sender, messages, window, retryAfter);
        if (PerUser is not { } user || user.Budgets.TryAcquire(sender.User.Id, out retryAfter)) return null;
        if (messages > 0) sender.MessageWindow.Refund(); // it was not accepted
        return Refuse(sender, user.Messages, user.Window, retryAfter);
    }

    /// <summary>Counts what an answer costs beyond its question. It was given already: what is over the limit delays what comes next.</summary>
    internal void Charge(Connection sender, int cost)
    {
        if (messages > 0) sender.MessageWindow.Add(messages, window, time, cost);
        if (PerUser is not { } user) return;
        while (cost-- > 0 && user.Budgets.TryAcquire(sender.User.Id, out _))
        {
        }
    }

    /// <summary>A status goes to all members of all rooms of its user, so it has a limit of its own.</summary>
    internal Error? AdmitAnnouncement(Connection sender) =>
        Announcements is not { } limit || limit.TryAdd(sender.User.Id, out var retryAfter) ? null : Error.RateLimited(retryAfter);

    public void Dispose() => Announcements?.Dispose();

    private Error Refuse(Connection sender, int limit, TimeSpan within, TimeSpan retryAfter)
    {
        if (!DryRun && !sender.RejectedWindow.TryAdd(limit * FloodFactor, within, time, out _)) sender.Close(CloseReason.Flooding);
        return Error.RateLimited(retryAfter);
    }
}

/// <param name="Messages">In one window.</param>
public sealed record UserRateLimit(int Messages, TimeSpan Window, IUserQuotas Budgets);
