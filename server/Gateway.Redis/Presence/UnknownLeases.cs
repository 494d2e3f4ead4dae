namespace Gateway.Redis.Presence;

/// <summary>
/// Leases that were found in a room but not in Redis' lists of leases. The lease of a new replica is known after two heartbeats; any other
/// belongs to a dead replica whose write arrived late.
/// </summary>
internal sealed class UnknownLeases
{
    private const int ConfirmingHeartbeats = 2;

    // Guards the fields below.
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Room, string Lease), long> _leases = [];
    private long _heartbeats;

    public void Add(string room, string lease)
    {
        lock (_lock) _leases.TryAdd((room, lease), _heartbeats + ConfirmingHeartbeats);
    }

    public void CountHeartbeat()
    {
        lock (_lock) _heartbeats++;
    }

    /// <summary>Removes and returns the leases that are still unknown after two heartbeats.</summary>
    public IReadOnlyList<(string Room, string Lease)> TakeConfirmed(Func<string, bool> isKnown)
    {
        lock (_lock)
        {
            var confirmed = _leases.Where(entry => entry.Value <= _heartbeats).Select(entry => entry.Key).ToList();
            foreach (var lease in confirmed) _leases.Remove(lease);
            return [.. confirmed.Where(entry => !isKnown(entry.Lease))];
        }
    }
}
