using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// How many connections there may be: in all, of one hub, and from one address. A connection counts from its first request to its end,
/// whatever its transport.
/// </summary>
internal sealed partial class ConnectionQuota
{
    private const string TooMany = "too many connections";
    private const string TooManyOfAddress = "too many connections from this address";

    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = [];
    private readonly ConcurrentDictionary<GatewayDomain, int> _perHub = [];
    private readonly int _max;
    private readonly int _maxPerAddress;
    private readonly Counter<long> _refused;
    private readonly LogThrottle _throttle;
    private readonly ILogger _logger;
    private int _connections;

    public ConnectionQuota(GatewayOptions options, GatewayMeter meter, TimeProvider time, ILogger<ConnectionQuota> logger)
    {
        (_max, _maxPerAddress) = (options.Server.MaxConnections, options.Server.MaxConnectionsPerIp);
        _refused = meter.Counter("gateway_connections_refused_total", "New connections refused because there are as many as there may be.");
        _throttle = new LogThrottle(time);
        _logger = logger;
    }

    /// <returns>A lease to dispose of when the connection ends; <c>null</c>, and why, if there are too many.</returns>
    public (Lease? Lease, string? Refusal) TryAcquire(GatewayDomain hub, IPAddress? address)
    {
        var lease = new Lease(this, hub, _maxPerAddress > 0 ? ClientNetwork.Of(address) : null);
        if (lease.Problem is not { } problem) return (lease, null);
        lease.Dispose();
        _refused.Add(1);
        if (_throttle.TryEnter(out var others)) Log.Refused(_logger, problem, others, address);
        return (null, problem);
    }

    public static Task RefuseAsync(HttpContext context, string refusal) =>
        Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, refusal);

    private static bool IsOver(int count, int max) => max > 0 && count > max;

    /// <summary>One connection's place among those that are counted.</summary>
    internal sealed class Lease : IDisposable
    {
        private readonly ConnectionQuota _quota;
        private readonly GatewayDomain? _hub;
        private readonly IPAddress? _address;
        private int _isOver;

        /// <param name="address"><c>null</c> where addresses are not counted.</param>
        public Lease(ConnectionQuota quota, GatewayDomain hub, IPAddress? address)
        {
            (_quota, _hub, _address) = (quota, hub.MaxConnections > 0 ? hub : null, address);
            var all = Interlocked.Increment(ref quota._connections);
            var ofHub = _hub == null ? 0 : quota._perHub.AddOrUpdate(_hub, 1, static (_, n) => n + 1);
            var ofAddress = _address == null ? 0 : quota._perAddress.AddOrUpdate(_address, 1, static (_, n) => n + 1);
            if (IsOver(all, quota._max) || IsOver(ofHub, hub.MaxConnections)) Problem = TooMany;
            else if (IsOver(ofAddress, quota._maxPerAddress)) Problem = TooManyOfAddress;
        }

        public string? Problem { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
            Interlocked.Decrement(ref _quota._connections);
            if (_hub != null) _quota._perHub.AddOrUpdate(_hub, 0, static (_, n) => n - 1);
            if (_address != null && _quota._perAddress.AddOrUpdate(_address, 0, static (_, n) => n - 1) == 0)
                _quota._perAddress.TryRemove(new(_address, 0));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Warning,
            "Refused new connections: {Problem}; from {Address}, and {Others} others since the last such line")]
        public static partial void Refused(ILogger logger, string problem, int others, IPAddress? address);
    }
}
