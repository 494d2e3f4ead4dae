using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// Limits the number of connections in total, per domain and per address. A connection counts from its first request to its end, whatever
/// its transport.
/// </summary>
internal sealed partial class ConnectionQuota
{
    private const string TooMany = "too many connections";
    private const string TooManyOfAddress = "too many connections from this address";

    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = [];
    private readonly ConcurrentDictionary<GatewayDomain, int> _perDomain = [];
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

    /// <returns>A lease to dispose when the connection ends, or the reason why there is none.</returns>
    public (Lease? Lease, string? Refusal) TryAcquire(GatewayDomain domain, IPAddress? address)
    {
        var lease = new Lease(this, domain, _maxPerAddress > 0 ? ClientNetwork.Of(address) : null);
        if (lease.Problem is not { } problem) return (lease, null);
        lease.Dispose();
        _refused.Add(1);
        if (_throttle.TryEnter(out var others)) Log.Refused(_logger, problem, others, address);
        return (null, problem);
    }

    public static Task RefuseAsync(HttpContext context, string refusal) =>
        Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, refusal);

    private static bool IsOver(int count, int max) => max > 0 && count > max;

    /// <summary>A connection's share of the quota.</summary>
    internal sealed class Lease : IDisposable
    {
        private readonly ConnectionQuota _quota;
        private readonly GatewayDomain? _domain;
        private readonly IPAddress? _address;
        private int _isDisposed;

        /// <param name="address">The client's address; <c>null</c> if addresses are not counted.</param>
        public Lease(ConnectionQuota quota, GatewayDomain domain, IPAddress? address)
        {
            (_quota, _domain, _address) = (quota, domain.MaxConnections > 0 ? domain : null, address);
            var all = Interlocked.Increment(ref quota._connections);
            var ofDomain = _domain == null ? 0 : quota._perDomain.AddOrUpdate(_domain, 1, static (_, n) => n + 1);
            var ofAddress = _address == null ? 0 : quota._perAddress.AddOrUpdate(_address, 1, static (_, n) => n + 1);
            if (IsOver(all, quota._max) || IsOver(ofDomain, domain.MaxConnections)) Problem = TooMany;
            else if (IsOver(ofAddress, quota._maxPerAddress)) Problem = TooManyOfAddress;
        }

        public string? Problem { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
            Interlocked.Decrement(ref _quota._connections);
            if (_domain != null) _quota._perDomain.AddOrUpdate(_domain, 0, static (_, n) => n - 1);
            if (_address != null && _quota._perAddress.AddOrUpdate(_address, 0, static (_, n) => n - 1) == 0)
                _quota._perAddress.TryRemove(new(_address, 0));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Warning,
            "Rejected a connection from {Address}: {Problem} ({Others} others since the last entry)")]
        public static partial void Refused(ILogger logger, string problem, int others, IPAddress? address);
    }
}
