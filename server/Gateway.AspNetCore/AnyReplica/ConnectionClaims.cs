namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Ensures that each connection that this replica has negotiated starts once: here, or on the replica that took it over. A claim is kept as
/// long as its token could start the connection again.
/// </summary>
internal sealed class ConnectionClaims(TimeProvider time)
{
    /// <summary>By then the token has expired, and the framework has given up a connection that did not start here.</summary>
    private static readonly TimeSpan Retention = ConnectionToken.Lifetime * 2;

    // Guards what follows.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, bool> _isLocal = new(StringComparer.Ordinal);
    private readonly Queue<(string ConnectionId, DateTimeOffset Until)> _order = [];

    /// <summary>Claims a connection that starts or continues on this replica.</summary>
    /// <returns><c>false</c> if it was handed over, or it is too late to start it with a WebSocket.</returns>
    public bool TryClaim(ConnectionToken token, bool isWebSocket)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            RemoveExpiredLocked(now);
            if (_isLocal.TryGetValue(token.ConnectionId, out var isLocal)) return isLocal;
            // A long poll may be of a connection that started long ago. If not, the framework rejects it
            if (now > token.StartDeadline) return !isWebSocket;
            AddLocked(token.ConnectionId, isLocal: true, now);
            return true;
        }
    }

    /// <summary>Claims a connection for another replica, where its WebSocket has arrived.</summary>
    public bool TryHandOver(ConnectionToken token)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            RemoveExpiredLocked(now);
            if (now > token.StartDeadline || _isLocal.ContainsKey(token.ConnectionId)) return false;
            AddLocked(token.ConnectionId, isLocal: false, now);
            return true;
        }
    }

    private void AddLocked(string connectionId, bool isLocal, DateTimeOffset now)
    {
        _isLocal.Add(connectionId, isLocal);
        _order.Enqueue((connectionId, now + Retention));
    }

    private void RemoveExpiredLocked(DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Until < now) _isLocal.Remove(_order.Dequeue().ConnectionId);
    }
}
