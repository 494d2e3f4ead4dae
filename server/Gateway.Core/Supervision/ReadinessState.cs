namespace Gateway.Core.Supervision;

/// <summary>Whether a load balancer should send clients here. Each part of the gateway reports when it is not ready, and why.</summary>
internal sealed class ReadinessState
{
    // Guarded by itself.
    private readonly SortedDictionary<string, string> _reasons = new(StringComparer.Ordinal);
    private volatile bool _draining;

    /// <summary>Whether the gateway is draining: it accepts no new connections.</summary>
    public bool IsDraining => _draining;

    /// <summary>Why the gateway is not ready; empty when it is.</summary>
    public IReadOnlyList<string> Reasons
    {
        get { lock (_reasons) return _draining ? ["shutting down", .. _reasons.Values] : [.. _reasons.Values]; }
    }

    public void SetNotReady(string part, string reason)
    {
        lock (_reasons) _reasons[part] = reason;
    }

    public void SetReady(string part)
    {
        lock (_reasons) _reasons.Remove(part);
    }

    public void SetDraining() => _draining = true;
}
