using Gateway.Core.Cluster;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Admin;

/// <summary>A page of a list: the number of items, and the key that they follow.</summary>
internal readonly record struct Page(int Limit, string After)
{
    private const int DefaultLimit = 100;

    public static (Page Page, Error? Error) Read(int? limit, string? after) =>
        limit is < 1 or > ClusterQueryHandler.MaxLimit
            ? (default, Error.BadRequest($"limit must be from 1 to {ClusterQueryHandler.MaxLimit}"))
            : (new Page(limit ?? DefaultLimit, after ?? ""), null);

    /// <summary>Returns the items of the page, and the <c>after</c> value of the next page, if there may be one.</summary>
    public (IReadOnlyList<T> Items, string? Next) Of<T>(IEnumerable<T> all, Func<T, string> key)
    {
        var after = After;
        var items = all.Where(one => string.CompareOrdinal(key(one), after) > 0).OrderBy(key, StringComparer.Ordinal).Take(Limit).ToList();
        return (items, items.Count == Limit ? key(items[^1]) : null);
    }
}
