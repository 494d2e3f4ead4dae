using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// What every request to the gateway's own paths passes before it becomes a connection: shutdown, origin, rate, token, limits, query.
/// </summary>
internal sealed class ConnectionAdmission(
    OriginPolicy origins, ConnectionRateLimiter arrivals, ConnectionQuota quota, TokenAuthentication tokens, ReadinessState readiness)
{
    private int _underWay;

    /// <summary>Connections that stand, or are about to; and what belongs to them.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    public Task InvokeAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        if (!origins.Allows(context.Request)) return Refusal.WriteAsync(context, StatusCodes.Status403Forbidden, "origin not allowed");
        var connects = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsConnect(context.Request.Method);
        // A poll may still fetch the goodbye
        if (readiness.IsDraining && (ConnectionRateLimiter.Opens(context, endpoint.IsSignalR) || endpoint.IsNegotiate))
            return Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "shutting down");
        if (arrivals.Refuses(context, endpoint, out var retryAfter))
            return Refusal.WriteAsync(
                context, StatusCodes.Status429TooManyRequests, "too many new connections from this address", retryAfter);
        var refused = tokens.AdmitAsync(context, mayFollow: endpoint.Format == FrameFormat.RawWebSocket);
        return refused.IsCompletedSuccessfully ? AdmitAsync(context, next, connects, endpoint, refused.Result) : WaitAsync();

        async Task WaitAsync() => await AdmitAsync(context, next, connects, endpoint, await refused);
    }

    private Task AdmitAsync(HttpContext context, RequestDelegate next, bool connects, GatewayEndpoint endpoint, Error? refused)
    {
        if (refused != null) return Refusal.WriteAsync(context, refused.Code, refused.Text);
        if (!connects) return next(context);
        var awaitsToken = endpoint.Format == FrameFormat.RawWebSocket && tokens.AwaitsMessage(context);
        var (request, error) = ConnectRequest.Read(
            context, endpoint.Domain.Options, endpoint.Domain.Get<RoomTable>().Permissions, awaitsToken);
        if (error != null) return Refusal.WriteAsync(context, error.Code, error.Text);
        if (request!.User is { } user
            && endpoint.Domain.Get<AdmissionPolicy>().Check(user, ConnectionRateLimiter.Opens(context, endpoint.IsSignalR)) is { } unwanted)
            return Refusal.WriteAsync(context, unwanted.Code, unwanted.Text);
        context.Features.Set(request);
        return ConnectAsync(context, endpoint, next);
    }

    private async Task ConnectAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        Interlocked.Increment(ref _underWay);
        ConnectionQuota.Lease? lease = null;
        try
        {
            if (!endpoint.IsSignalR) // a SignalR connection may have many requests: SignalRRequests knows which belong together
            {
                (lease, var refusal) = quota.TryAcquire(endpoint.Domain, context.Connection.RemoteIpAddress);
                if (refusal != null)
                {
                    await ConnectionQuota.RefuseAsync(context, refusal);
                    return;
                }
            }
            await next(context); // until the connection ends
        }
        finally
        {
            lease?.Dispose();
            Interlocked.Decrement(ref _underWay);
        }
    }
}
