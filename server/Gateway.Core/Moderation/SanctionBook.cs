using System.Collections.Concurrent;

namespace Gateway.Core.Moderation;

/// <summary>All that holds, in memory, by user. Read without a lock: most users have nothing, and every message asks.</summary>
public sealed class SanctionBook(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Sanction[]> _byUser = new(StringComparer.Ordinal);

    // Changes come one after the other.
    private readonly Lock _changing = new();

    public event Action<Sanction>? Imposed;

    public IReadOnlyList<Sanction> All => [.. _byUser.Values.SelectMany(static s => s)];

    public Sanction? Find(SanctionKind kind, string userId, string? room)
    {
        if (!_byUser.TryGetValue(userId, out var sanctions)) return null;
        foreach (var sanction in sanctions)
            if (sanction.IsIn(kind, room) && sanction.Holds(time.GetUtcNow()))
                return sanction;
        return null;
    }

    public void Impose(Sanction sanction)
    {
        lock (_changing)
        {
            var others = Others(sanction.UserId, sanction.Kind, sanction.Room, out var before);
            if (before == sanction) return;
            _byUser[sanction.UserId] = [.. others, sanction];
        }
        if (sanction.Holds(time.GetUtcNow())) Imposed?.Invoke(sanction);
    }

    /// <returns>False if nothing held.</returns>
    public bool Lift(SanctionKind kind, string userId, string? room)
    {
        lock (_changing)
        {
            var others = Others(userId, kind, room, out var before);
            if (before == null) return false;
            Keep(userId, others);
            return before.Holds(time.GetUtcNow());
        }
    }

    /// <summary>This is all that holds: what is not among it is over, and what is new has just begun.</summary>
    public void Replace(IReadOnlyCollection<Sanction> all)
    {
        var byUser = all.ToLookup(static s => s.UserId, StringComparer.Ordinal);
        lock (_changing)
            foreach (var userId in _byUser.Keys)
                if (!byUser.Contains(userId)) _byUser.TryRemove(userId, out _);
                else Keep(userId, [.. _byUser[userId].Where(one => byUser[userId].Any(other => other.IsIn(one.Kind, one.Room)))]);
        foreach (var sanction in all) Impose(sanction);
    }

    /// <summary>Forgets what is over by itself.</summary>
    public void Tidy()
    {
        var now = time.GetUtcNow();
        lock (_changing)
            foreach (var (userId, sanctions) in _byUser)
                if (Array.Exists(sanctions, s => !s.Holds(now)))
                    Keep(userId, Array.FindAll(sanctions, s => s.Holds(now)));
    }

    private Sanction[] Others(string userId, SanctionKind kind, string? room, out Sanction? before)
    {
        before = null;
        if (!_byUser.TryGetValue(userId, out var sanctions)) return [];
        before = Array.Find(sanctions, s => s.IsIn(kind, room));
        return Array.FindAll(sanctions, s => !s.IsIn(kind, room));
    }

    private void Keep(string userId, Sanction[] sanctions)
    {
        if (sanctions.Length == 0) _byUser.TryRemove(userId, out _);
        else _byUser[userId] = sanctions;
    }
}
