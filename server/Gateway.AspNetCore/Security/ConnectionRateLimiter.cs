using System.Diagnostics.Metrics;
using System.Net;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Core.Limits;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// Limits the rate of new connections per address, with sliding windows. WebSocket and server-sent event requests count, and separately
/// <c>negotiate</c>, which is all that long polling needs.
/// </summary>
internal sealed class ConnectionRateLimiter : IDisposable
{
    private readonly SlidingWindows<ConnectionSource>? _windows;
    private readonly bool _dryRun;
    private readonly Counter<long> _refused;

    public ConnectionRateLimiter(GatewayOptions options, GatewayMeter meter, Supervisor supervisor, TimeProvider time)
    {
        var rate = options.RateLimit.ConnectionsPerIp;
        _dryRun = options.RateLimit.DryRun;
        _refused = meter.Counter(
            "gateway_connections_rate_limited_total", "New connections refused because too many came from their address.");
        if (rate.Connections > 0) _windows = new SlidingWindows<ConnectionSource>(rate.Connections, rate.Window, supervisor, time);
    }

    public bool Refuses(HttpContext context, GatewayEndpoint endpoint, out TimeSpan retryAfter)
    {
        retryAfter = default;
        if (_windows == null || SourceOf(context, endpoint) is not { } source || _windows.TryAdd(source, out retryAfter)) return false;
        _refused.Add(1);
        return !_dryRun;
    }

    /// <summary>
    /// Returns whether the request becomes a connection. A poll does not: it belongs to a connection that started with <c>negotiate</c>.
    /// </summary>
    public static bool OpensConnection(HttpContext context, bool isHub) =>
        !isHub
        || HttpMethods.IsConnect(context.Request.Method)
        || (HttpMethods.IsGet(context.Request.Method)
            && (
                context.Request.Headers.Upgrade.Count > 0
                    || context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase)));

    public void Dispose() => _windows?.Dispose();

    /// <returns><c>null</c> if the request opens no connection.</returns>
    private static ConnectionSource? SourceOf(HttpContext context, GatewayEndpoint endpoint)
    {
        var negotiates = endpoint.IsNegotiate && HttpMethods.IsPost(context.Request.Method);
        return negotiates || OpensConnection(context, endpoint.IsSignalR)
            ? new ConnectionSource(ClientNetwork.Of(context), negotiates)
            : null;
    }

    private sealed record ConnectionSource(IPAddress Network, bool Negotiates);
}
