using System.Collections.Concurrent;

namespace Gateway.Core.Moderation;

/// <summary>
/// All restrictions in memory, by user. Reads take no lock, because every message is checked and most users have no restriction.
/// </summary>
internal sealed class RestrictionTable(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Restriction[]> _byUser = new(StringComparer.Ordinal);

    // Serializes changes.
    private readonly Lock _changing = new();

    public event Action<Restriction>? Imposed;

    public IReadOnlyList<Restriction> All => [.. _byUser.Values.SelectMany(static s => s)];

    public Restriction? Find(RestrictionKind kind, string userId, string? room)
    {
        if (!_byUser.TryGetValue(userId, out var restrictions)) return null;
        foreach (var restriction in restrictions)
            if (restriction.Matches(kind, room) && restriction.IsActive(time.GetUtcNow()))
                return restriction;
        return null;
    }

    public void Impose(Restriction restriction)
    {
        lock (_changing)
        {
            var others = Others(restriction.UserId, restriction.Kind, restriction.Room, out var before);
            if (before == restriction) return;
            _byUser[restriction.UserId] = [.. others, restriction];
        }
        if (restriction.IsActive(time.GetUtcNow())) Imposed?.Invoke(restriction);
    }

    /// <returns><c>false</c> if there was no active restriction.</returns>
    public bool Lift(RestrictionKind kind, string userId, string? room)
    {
        lock (_changing)
        {
            var others = Others(userId, kind, room, out var before);
            if (before == null) return false;
            Set(userId, others);
            return before.IsActive(time.GetUtcNow());
        }
    }

    /// <summary>Replaces all restrictions, and raises <see cref="Imposed"/> for those that are new.</summary>
    public void Replace(IReadOnlyCollection<Restriction> all)
    {
        var byUser = all.ToLookup(static s => s.UserId, StringComparer.Ordinal);
        lock (_changing)
            foreach (var userId in _byUser.Keys)
                if (!byUser.Contains(userId)) _byUser.TryRemove(userId, out _);
                else Set(userId, [.. _byUser[userId].Where(one => byUser[userId].Any(other => other.Matches(one.Kind, one.Room)))]);
        foreach (var restriction in all) Impose(restriction);
    }

    /// <summary>Removes the restrictions that have ended.</summary>
    public void RemoveExpired()
    {
        var now = time.GetUtcNow();
        lock (_changing)
            foreach (var (userId, restrictions) in _byUser)
                if (Array.Exists(restrictions, s => !s.IsActive(now)))
                    Set(userId, Array.FindAll(restrictions, s => s.IsActive(now)));
    }

    private Restriction[] Others(string userId, RestrictionKind kind, string? room, out Restriction? before)
    {
        before = null;
        if (!_byUser.TryGetValue(userId, out var restrictions)) return [];
        before = Array.Find(restrictions, s => s.Matches(kind, room));
        return Array.FindAll(restrictions, s => !s.Matches(kind, room));
    }

    private void Set(string userId, Restriction[] restrictions)
    {
        if (restrictions.Length == 0) _byUser.TryRemove(userId, out _);
        else _byUser[userId] = restrictions;
    }
}
