namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Each connection that this replica has negotiated begins once: here, or on the one replica that took it over. It is remembered for as
/// long as its token could make it begin again.
/// </summary>
internal sealed class ConnectionClaims(TimeProvider time)
{
    /// <summary>
    /// The token could not be used for a beginning any more, and the framework has given up a connection that did not begin here.
    /// </summary>
    private static readonly TimeSpan Remembered = ConnectionToken.Lifetime * 2;

    // Guards what follows.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, bool> _isHere = new(StringComparer.Ordinal);
    private readonly Queue<(string ConnectionId, DateTimeOffset Until)> _order = [];

    /// <summary>The connection begins here, or goes on here.</summary>
    /// <returns>False if it was taken over, or it is too late to begin with a WebSocket.</returns>
    public bool TryHere(ConnectionToken token, bool isWebSocket)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            ForgetLocked(now);
            if (_isHere.TryGetValue(token.ConnectionId, out var isHere)) return isHere;
            // A long poll of a connection that began long ago, or the framework knows none
            if (now > token.BeginsUntil) return !isWebSocket;
            AddLocked(token.ConnectionId, isHere: true, now);
            return true;
        }
    }

    /// <summary>Another replica takes the connection over: a WebSocket of its has arrived there.</summary>
    public bool TryHandOver(ConnectionToken token)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            ForgetLocked(now);
            if (now > token.BeginsUntil || _isHere.ContainsKey(token.ConnectionId)) return false;
            AddLocked(token.ConnectionId, isHere: false, now);
            return true;
        }
    }

    private void AddLocked(string connectionId, bool isHere, DateTimeOffset now)
    {
        _isHere.Add(connectionId, isHere);
        _order.Enqueue((connectionId, now + Remembered));
    }

    private void ForgetLocked(DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Until < now) _isHere.Remove(_order.Dequeue().ConnectionId);
    }
}
