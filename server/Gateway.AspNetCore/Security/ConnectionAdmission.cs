using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Security;

/// <summary>Admits the requests to the gateway's endpoints: checks shutdown, origin, rate, token, limits and query.</summary>
internal sealed class ConnectionAdmission(
    OriginPolicy origins, ConnectionRateLimiter rateLimiter, ConnectionQuota quota, TokenAuthentication tokens, ReadinessState readiness)
{
    private int _active;

    /// <summary>Gets the number of requests that are a connection, become one, or belong to one.</summary>
    public int ActiveConnections => Volatile.Read(ref _active);

    public Task InvokeAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        if (!origins.Allows(context.Request)) return Refusal.WriteAsync(context, StatusCodes.Status403Forbidden, "origin not allowed");
        var connects = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsConnect(context.Request.Method);
        // A poll may still fetch its Close record
        if (readiness.IsDraining && (ConnectionRateLimiter.OpensConnection(context, endpoint.IsSignalR) || endpoint.IsNegotiate))
            return Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "shutting down");
        if (rateLimiter.Refuses(context, endpoint, out var retryAfter))
            return Refusal.WriteAsync(
                context, StatusCodes.Status429TooManyRequests, "too many new connections from this address", retryAfter);
        var rejected = tokens.AdmitAsync(context, allowFirstMessage: endpoint.Format == FrameFormat.RawWebSocket);
        return rejected.IsCompletedSuccessfully ? AdmitAsync(context, next, connects, endpoint, rejected.Result) : WaitAsync();

        async Task WaitAsync() => await AdmitAsync(context, next, connects, endpoint, await rejected);
    }

    private Task AdmitAsync(HttpContext context, RequestDelegate next, bool connects, GatewayEndpoint endpoint, Error? rejected)
    {
        if (rejected != null) return Refusal.WriteAsync(context, rejected.Code, rejected.Text);
        if (!connects) return next(context);
        var awaitsToken = endpoint.Format == FrameFormat.RawWebSocket && tokens.UsesFirstMessage(context);
        var (request, error) = ConnectRequest.Read(
            context, endpoint.Domain.Options, endpoint.Domain.Get<RoomTable>().Permissions, awaitsToken, endpoint.HasRooms);
        if (error != null) return Refusal.WriteAsync(context, error.Code, error.Text);
        if (request!.User is { } user
            && endpoint.Domain.Get<AdmissionPolicy>()
                .Check(user, ConnectionRateLimiter.OpensConnection(context, endpoint.IsSignalR)) is { } rejection)
            return Refusal.WriteAsync(context, rejection.Code, rejection.Text);
        context.Features.Set(request);
        return ConnectAsync(context, endpoint, next);
    }

    private async Task ConnectAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        Interlocked.Increment(ref _active);
        ConnectionQuota.Lease? lease = null;
        try
        {
            if (!endpoint.IsSignalR) // SignalRRequests counts the requests of a SignalR connection as one
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
            Interlocked.Decrement(ref _active);
        }
    }
}
