using System.Collections.Concurrent;

namespace Gateway.Core.Moderation;

/// <summary>All that holds, in memory, by user. Read without a lock: most users have nothing, and every message asks.</summary>
internal sealed class RestrictionTable(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Restriction[]> _byUser = new(StringComparer.Ordinal);

    // Changes come one after the other.
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

    /// <returns>False if nothing held.</returns>
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

    /// <summary>This is all that holds: what is not among it is over, and what is new has just begun.</summary>
    public void Replace(IReadOnlyCollection<Restriction> all)
    {
        var byUser = all.ToLookup(static s => s.UserId, StringComparer.Ordinal);
        lock (_changing)
            foreach (var userId in _byUser.Keys)
                if (!byUser.Contains(userId)) _byUser.TryRemove(userId, out _);
                else Set(userId, [.. _byUser[userId].Where(one => byUser[userId].Any(other => other.Matches(one.Kind, one.Room)))]);
        foreach (var restriction in all) Impose(restriction);
    }

    /// <summary>Forgets what is over by itself.</summary>
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
