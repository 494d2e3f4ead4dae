using System.Diagnostics.Metrics;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security;
using Gateway.Core.Connections;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Lets the requests of a SignalR connection arrive at any replica. <c>negotiate</c> names the connection's replica. A WebSocket is
/// accepted where it arrives, under its reserved id. A request of another transport is forwarded to the connection's replica.
/// </summary>
internal sealed partial class AnyReplicaMiddleware(
    ReplicaKey key, ReplicaId replica, Negotiation negotiation, PendingNegotiations pending, ConnectionClaims claims,
    ForwardedRequests requests, ReplicaDirectory directory,
    Forwarder forwarder, GatewayMeter meter, TimeProvider time, ILogger<AnyReplicaMiddleware> logger)
{
    private static readonly TimeSpan HandOverTimeout = TimeSpan.FromSeconds(5);

    private readonly LogThrottle _refusals = new(time);
    private readonly Counter<long> _refused = meter.Counter(
        "gateway_forwarded_refused_total", "Requests that said they were forwarded and were not signed by a replica.");

    /// <summary>
    /// Restores the client of a request that another replica has forwarded, and rejects a forwarded request that no replica has signed.
    /// Place it before admission.
    /// </summary>
    public Task RestoreAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Headers.ContainsKey(ForwardedRequest.Header)) return next(context);
        if (requests.Read(context) is not { } forwarded) return RefuseAsync(context);
        if (forwarded.To != replica.Value) return NoSuchConnection.WriteAsync(context); // for an earlier replica with this address
        context.Request.Headers.Remove(ForwardedRequest.Header);
        context.Features.Set(forwarded);
        return forwarded.User is { } user ? RestoreUserAsync(context, forwarded, user, next) : ContinueAsync(context, forwarded, next);
    }

    private async Task RestoreUserAsync(HttpContext context, ForwardedRequest forwarded, ForwardedUserPart user, RequestDelegate next)
    {
        if (await requests.TryRestoreUserAsync(context, user)) await ContinueAsync(context, forwarded, next);
        else await RefuseAsync(context);
    }

    private static Task ContinueAsync(HttpContext context, ForwardedRequest forwarded, RequestDelegate next)
    {
        forwarded.RestoreAddress(context);
        return next(context);
    }

    private Task RefuseAsync(HttpContext context)
    {
        _refused.Add(1);
        if (_refusals.TryEnter(out var others)) Log.Refused(logger, others, context.Connection.RemoteIpAddress);
        return Refusal.WriteAsync(context, StatusCodes.Status403Forbidden, "not a replica of this gateway");
    }

    /// <summary>Runs, hands over or forwards a request. Place it after admission.</summary>
    public Task InvokeAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        if (endpoint.IsHandOver && context.Features.Get<ForwardedRequest>() == null) return next(context);
        var isNegotiate = endpoint.IsNegotiate;
        var id = context.Request.Query["id"];
        if (isNegotiate ? !HttpMethods.IsPost(context.Request.Method) : StringValues.IsNullOrEmpty(id)) return next(context);
        if (!key.IsKnown)
            return Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "not connected to the other replicas yet");
        if (isNegotiate) return negotiation.InvokeAsync(context, isLimited: !endpoint.IsApplicationHub, next);
        if (ConnectionToken.Read(id.ToString(), key) is not { } token) return NoSuchConnection.WriteAsync(context);
        if (endpoint.IsHandOver) return HandOverAsync(context, token);
        if (!ConnectionUser.Matches(context, token))
            return Refusal.WriteAsync(context, StatusCodes.Status403Forbidden, "not your connection");
        return token.Replica == replica.Value ? HandleLocallyAsync(context, token, next) : HandleRemotelyAsync(context, token, next);
    }

    private Task HandOverAsync(HttpContext context, ConnectionToken token)
    {
        if (token.Replica != replica.Value || !claims.TryHandOver(token)) return NoSuchConnection.WriteAsync(context);
        pending.Complete(token.ConnectionId);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private Task HandleLocallyAsync(HttpContext context, ConnectionToken token, RequestDelegate next)
    {
        if (!claims.TryClaim(token, IsWebSocket(context))) return NoSuchConnection.WriteAsync(context);
        SetId(context, token.FrameworkToken);
        return next(context);
    }

    private async Task HandleRemotelyAsync(HttpContext context, ConnectionToken token, RequestDelegate next)
    {
        var isForwarded = context.Features.Get<ForwardedRequest>() != null; // a forwarded request is not forwarded again
        if (isForwarded || await directory.FindAsync(token.Replica) is not { } destination)
        {
            await NoSuchConnection.WriteAsync(context);
        }
        else if (!IsWebSocket(context))
        {
            await forwarder.ForwardAsync(context, destination);
        }
        else if (await TakeOverAsync(context, destination))
        {
            SetId(context, null); // the framework sees a new connection …
            context.Features.Set(new ReservedConnectionId(token.ConnectionId)); // … with the id that its client knows
            await next(context);
        }
        else
        {
            await NoSuchConnection.WriteAsync(context);
        }
    }

    private async Task<bool> TakeOverAsync(HttpContext context, ReplicaClient destination)
    {
        using var timeout = new CancellationTokenSource(HandOverTimeout, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted, destination.Stopped);
        try
        {
            using var request = requests.MakeHandOver(context, destination);
            using var response = await directory.SendAsync(request, end.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            if (!context.RequestAborted.IsCancellationRequested && destination.TryMarkLogged())
                Log.HandOverFailed(logger, destination.Id, destination.Address, fault.Message);
            return false;
        }
    }

    private static bool IsWebSocket(HttpContext context) =>
        (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && context.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase))
        || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };

    private static void SetId(HttpContext context, string? id)
    {
        var others = context.Request.Query.Where(field => !field.Key.Equals("id", StringComparison.OrdinalIgnoreCase));
        context.Request.QueryString = QueryString.Create(id == null ? others : others.Append(new("id", id)));
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Warning,
            "Rejected a forwarded request from {Address}: no replica of this gateway has signed it ({Others} others since the last entry)")]
        public static partial void Refused(ILogger logger, int others, System.Net.IPAddress? address);

        [LoggerMessage(
            2, LogLevel.Warning,
            "Replica {Replica} at {Address} did not hand over a connection whose WebSocket has arrived here: {Fault}")]
        public static partial void HandOverFailed(ILogger logger, string replica, Uri address, string fault);
    }
}
