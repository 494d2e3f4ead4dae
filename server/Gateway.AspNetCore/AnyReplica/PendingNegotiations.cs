using System.Diagnostics.Metrics;
using System.Net;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Limits the negotiations of this replica that have not become a connection, in total and per address. The framework keeps a connection
/// for each of them until it times out.
/// </summary>
internal sealed partial class PendingNegotiations
{
    /// <summary>The framework times out after 15 s and checks every second.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(16);

    private readonly int _max;
    private readonly int _maxPerAddress;
    private readonly TimeProvider _time;
    private readonly Counter<long> _refused;
    private readonly LogThrottle _throttle;
    private readonly ILogger _logger;

    // Guards what follows.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IPAddress> _addresses = new(StringComparer.Ordinal); // by connection id
    private readonly Queue<(string ConnectionId, DateTimeOffset Until)> _order = [];
    private readonly Dictionary<IPAddress, int> _perAddress = [];
    private int _count;

    public PendingNegotiations(GatewayOptions options, GatewayMeter meter, TimeProvider time, ILogger<PendingNegotiations> logger)
    {
        (_max, _maxPerAddress) = (options.SignalR.MaxPendingNegotiations, options.SignalR.MaxPendingNegotiationsPerIp);
        (_time, _logger, _throttle) = (time, logger, new LogThrottle(time));
        _refused = meter.Counter(
            "gateway_negotiations_refused_total", "Negotiations refused because too many others have not become a connection yet.");
        meter.Gauge("gateway_negotiations_pending", "Negotiations whose connection has not begun yet.", () => Count);
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                ExpireLocked();
                return _count;
            }
        }
    }

    /// <summary>Reserves a negotiation. Call <see cref="Add"/> or <see cref="Release"/> afterwards.</summary>
    /// <returns>The status and text of a rejection, or <c>null</c>.</returns>
    public (int Status, string Text)? Reserve(IPAddress address)
    {
        (int, string)? refusal;
        lock (_lock)
        {
            ExpireLocked();
            var ofAddress = _perAddress.GetValueOrDefault(address);
            refusal = _maxPerAddress > 0 && ofAddress >= _maxPerAddress
                ? (StatusCodes.Status429TooManyRequests, "too many negotiations from this address without a connection")
                : _max > 0 && _count >= _max ? (StatusCodes.Status503ServiceUnavailable, "too many negotiations without a connection")
                : null;
            if (refusal == null)
            {
                _count++;
                _perAddress[address] = ofAddress + 1;
            }
        }
        if (refusal is not { } why) return null;
        _refused.Add(1);
        if (_throttle.TryEnter(out var others)) Log.Refused(_logger, why.Item2, others, address);
        return why;
    }

    /// <summary>Adds a negotiation that succeeded.</summary>
    public void Add(string connectionId, IPAddress address)
    {
        lock (_lock)
        {
            _addresses.Add(connectionId, address);
            _order.Enqueue((connectionId, _time.GetUtcNow() + Lifetime));
        }
    }

    /// <summary>Releases the reservation of a negotiation that failed.</summary>
    public void Release(IPAddress address)
    {
        lock (_lock) ReleaseLocked(address);
    }

    /// <summary>Removes a negotiation whose connection has started, here or on another replica.</summary>
    public void Complete(string connectionId)
    {
        lock (_lock)
        {
            if (_addresses.Remove(connectionId, out var address)) ReleaseLocked(address);
        }
    }

    private void ExpireLocked()
    {
        var now = _time.GetUtcNow();
        // A started connection is no longer in the table. Its entry leaves the queue here.
        while (_order.TryPeek(out var oldest) && (oldest.Until <= now || !_addresses.ContainsKey(oldest.ConnectionId)))
            if (_addresses.Remove(_order.Dequeue().ConnectionId, out var address))
                ReleaseLocked(address);
    }

    private void ReleaseLocked(IPAddress address)
    {
        _count--;
        if (_perAddress[address] == 1) _perAddress.Remove(address);
        else _perAddress[address]--;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Warning,
            "Rejected a negotiation from {Address}: {Problem} ({Others} others since the last entry)")]
        public static partial void Refused(ILogger logger, string problem, int others, IPAddress address);
    }
}
