using System.Globalization;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// A page of a room's list. The cursor names the page's last member, so the next page follows even if that member has left.
/// </summary>
/// <param name="Next">The cursor of the next page; <c>null</c> if there is none.</param>
internal readonly record struct PresencePage(IReadOnlyList<PresenceMember> Members, string? Next)
{
    public const int MaxCursorLength = 300;

    /// <param name="all">All members, in the order of their first connection.</param>
    /// <param name="after">The cursor of the page before, or <c>null</c>.</param>
    /// <returns><c>null</c> if the cursor is invalid.</returns>
    public static PresencePage? Of(IReadOnlyList<PresenceMember> all, int limit, string? after)
    {
        var first = 0;
        if (after != null)
        {
            if (!TryRead(after, out var at, out var userId)) return null;
            first = all.TakeWhile(member => IsUpTo(member, at, userId)).Count();
        }
        var members = all.Skip(first).Take(limit).ToList();
        return new PresencePage(members, first + members.Count < all.Count ? Write(members[^1]) : null);
    }

    private static bool IsUpTo(PresenceMember member, long at, string userId) =>
        member.ConnectedAt.UtcTicks < at || (member.ConnectedAt.UtcTicks == at && string.CompareOrdinal(member.UserId, userId) <= 0);

    private static string Write(PresenceMember member) =>
        string.Create(CultureInfo.InvariantCulture, $"{member.ConnectedAt.UtcTicks}.{member.UserId}");

    private static bool TryRead(string cursor, out long at, out string userId)
    {
        var dot = cursor.IndexOf('.', StringComparison.Ordinal);
        userId = cursor[(dot + 1)..];
        at = 0;
        return dot > 0 && long.TryParse(cursor.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out at);
    }
}
