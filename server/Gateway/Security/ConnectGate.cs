using System.Collections.Concurrent;
using System.Net;
using Gateway.Configuration;
using Gateway.Core.Moderation;
using Gateway.Lifecycle;

namespace Gateway.Security;

/// <summary>What every request to the gateway's own paths passes before it becomes a connection: shutdown, origin, limits, query.</summary>
internal sealed class ConnectGate(GatewayOptions options, OriginPolicy origins, ReadinessState readiness, ArrivalRate arrivals, Doorkeeper doorkeeper)
{
    private readonly ConcurrentDictionary<IPAddress, int> _perIp = [];
    private int _connections;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path;
        var isHub = path.StartsWithSegments(options.SignalR.Path);
        if (!isHub && !path.Equals(options.Raw.Path)) return next(context);
        if (!origins.Allows(context.Request)) return Refusal.WriteAsync(context, StatusCodes.Status403Forbidden, "origin not allowed");
        var connects = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsConnect(context.Request.Method);
        if (readiness.IsDraining && (connects || path.Value!.EndsWith("/negotiate", StringComparison.Ordinal)))
            return Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "shutting down");
        if (arrivals.Refuses(context, isHub, out var retryAfter)) return Refusal.WriteAsync(context, StatusCodes.Status429TooManyRequests, "too many new connections from this address", retryAfter);
        if (!connects) return next(context);
        var (request, error) = ConnectRequest.Read(context, options);
        if (error != null) return Refusal.WriteAsync(context, error.Code, error.Text);
        if (doorkeeper.Check(request!.User, ArrivalRate.Opens(context, isHub)) is { } unwanted) return Refusal.WriteAsync(context, unwanted.Code, unwanted.Text);
        context.Features.Set(request);
        return ConnectAsync(context, next);
    }

    private async Task ConnectAsync(HttpContext context, RequestDelegate next)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        var all = Interlocked.Increment(ref _connections);
        var ofAddress = options.Server.MaxConnectionsPerIp > 0 ? _perIp.AddOrUpdate(address, 1, static (_, n) => n + 1) : 0;
        try
        {
            if (IsOver(all, options.Server.MaxConnections)) await Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "too many connections");
            else if (IsOver(ofAddress, options.Server.MaxConnectionsPerIp)) await Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "too many connections from this address");
            else await next(context); // until the connection ends
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
            if (ofAddress > 0 && _perIp.AddOrUpdate(address, 0, static (_, n) => n - 1) == 0) _perIp.TryRemove(new(address, 0));
        }
    }

    private static bool IsOver(int count, int max) => max > 0 && count > max;
}
