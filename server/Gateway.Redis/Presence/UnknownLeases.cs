namespace Gateway.Redis.Presence;

/// <summary>
/// Leases that were met in a room and that nobody knows. One that has just begun will be known when we have looked twice; any other is a dead replica's, which came late to
/// write what it leaves there.
/// </summary>
internal sealed class UnknownLeases
{
    private const int Looks = 2;

    // Guards what follows.
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Room, string Lease), long> _suspects = [];
    private long _sightings;

    public void Add(string room, string lease)
    {
        lock (_lock) _suspects.TryAdd((room, lease), _sightings + Looks);
    }

    public void CountSighting()
    {
        lock (_lock) _sightings++;
    }

    /// <summary>Those that are still unknown.</summary>
    public IReadOnlyList<(string Room, string Lease)> Take(Func<string, bool> isKnown)
    {
        lock (_lock)
        {
            var ripe = _suspects.Where(s => s.Value <= _sightings).Select(s => s.Key).ToList();
            foreach (var suspect in ripe) _suspects.Remove(suspect);
            return [.. ripe.Where(s => !isKnown(s.Lease))];
        }
    }
}
