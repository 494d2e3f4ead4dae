using Gateway.Core.Connections;
using Gateway.Core.Limits;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>The rate limits for messages of one connection, and of one user on all connections: a sliding window each.</summary>
/// <param name="messages">For one connection in one window; 0 = no limit.</param>
internal sealed class MessageRateLimiter(int messages, TimeSpan window, TimeProvider time) : IDisposable
{
    /// <summary>A connection that is refused more often than its limit times this within a window is closed for flooding.</summary>
    private const int FloodFactor = 5;

    /// <summary>The limit of a user on all connections; <c>null</c>: none.</summary>
    public UserRateLimit? PerUser { get; init; }

    /// <summary>The limit for statuses of a user, on all connections to this replica; <c>null</c>: none.</summary>
    public SlidingWindows<string>? Announcements { get; init; }

    /// <summary>Messages over a limit are counted, but not refused.</summary>
    public bool DryRun { get; init; }

    internal Error? Admit(Connection sender)
    {
        if (messages > 0 && !sender.MessageWindow.TryAdd(messages, window, time, out var retryAfter))
            return Refuse(sender, messages, window, retryAfter);
        if (PerUser is not { } user || user.Budgets.TryAcquire(sender.User.Id, out retryAfter)) return null;
        if (messages > 0) sender.MessageWindow.Refund(); // it was not accepted
        return Refuse(sender, user.Messages, user.Window, retryAfter);
    }

    /// <summary>
    /// Counts the cost of an answer beyond its command. The answer was given already: a cost over the limit delays the next messages.
    /// </summary>
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
internal sealed record UserRateLimit(int Messages, TimeSpan Window, IUserQuotas Budgets);
