using System.Diagnostics.Metrics;
using System.Net;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Core.Limits;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// How fast new connections may come from one address. Counted is what opens one: a request for a WebSocket or for server-sent events; and,
/// for itself, a <c>negotiate</c>, after which long polling needs nothing else. Each is a sliding window.
/// </summary>
internal sealed class ConnectionRateLimiter : IDisposable
{
    private readonly SlidingWindows<Arrival>? _windows;
    private readonly bool _dryRun;
    private readonly Counter<long> _refused;

    public ConnectionRateLimiter(GatewayOptions options, GatewayMeter meter, Supervisor supervisor, TimeProvider time)
    {
        var rate = options.RateLimit.ConnectionsPerIp;
        _dryRun = options.RateLimit.DryRun;
        _refused = meter.Counter(
            "gateway_connections_rate_limited_total", "New connections refused because too many came from their address.");
        if (rate.Connections > 0) _windows = new SlidingWindows<Arrival>(rate.Connections, rate.Window, supervisor, time);
    }

    public bool Refuses(HttpContext context, GatewayEndpoint endpoint, out TimeSpan retryAfter)
    {
        retryAfter = default;
        if (_windows == null || Opening(context, endpoint) is not { } arrival || _windows.TryAdd(arrival, out retryAfter)) return false;
        _refused.Add(1);
        return !_dryRun;
    }

    /// <summary>Does the request become a connection? A poll does not: it belongs to one, which began with a <c>negotiate</c>.</summary>
    public static bool Opens(HttpContext context, bool isHub) =>
        !isHub
        || HttpMethods.IsConnect(context.Request.Method)
        || (HttpMethods.IsGet(context.Request.Method)
            && (
                context.Request.Headers.Upgrade.Count > 0
                    || context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase)));

    public void Dispose() => _windows?.Dispose();

    /// <returns><c>null</c>: the request opens nothing.</returns>
    private static Arrival? Opening(HttpContext context, GatewayEndpoint endpoint)
    {
        var negotiates = endpoint.IsNegotiate && HttpMethods.IsPost(context.Request.Method);
        return negotiates || Opens(context, endpoint.IsSignalR) ? new Arrival(ClientNetwork.Of(context), negotiates) : null;
    }

    private sealed record Arrival(IPAddress Network, bool Negotiates);
}
