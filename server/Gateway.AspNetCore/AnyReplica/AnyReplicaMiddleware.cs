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
/// Lets the requests of one SignalR connection arrive at any replica. <c>negotiate</c> names the replica that owns the connection; a
/// WebSocket is accepted where it arrives, under the id that was promised; what belongs to another transport is sent on to the owner.
/// </summary>
internal sealed partial class AnyReplicaMiddleware(
    ReplicaKey key, ReplicaId replica, Negotiation negotiation, PendingNegotiations pending, ConnectionClaims beginnings,
    ForwardedRequests requests, ReplicaDirectory owners,
    Forwarder forwarder, GatewayMeter meter, TimeProvider time, ILogger<AnyReplicaMiddleware> logger)
{
    private static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(5);

    private readonly LogThrottle _refusals = new(time);
    private readonly Counter<long> _refused = meter.Counter(
        "gateway_forwarded_refused_total", "Requests that said they were forwarded and were not signed by a replica.");

    /// <summary>
    /// To stand ahead of the gate: makes a request that another replica has sent what it was there. Whoever else says that it is forwarded
    /// is refused.
    /// </summary>
    public Task RestoreAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Headers.ContainsKey(ForwardedRequest.Header)) return next(context);
        if (requests.Read(context) is not { } forwarded) return RefuseAsync(context);
        if (forwarded.To != replica.Value) return NoSuchConnection.WriteAsync(context); // for the one that was here before
        context.Request.Headers.Remove(ForwardedRequest.Header);
        context.Features.Set(forwarded);
        return forwarded.User is { } user ? RestoreUserAsync(context, forwarded, user, next) : GoOnAsync(context, forwarded, next);
    }

    private async Task RestoreUserAsync(HttpContext context, ForwardedRequest forwarded, ForwardedUserPart user, RequestDelegate next)
    {
        if (await requests.TryRestoreUserAsync(context, user)) await GoOnAsync(context, forwarded, next);
        else await RefuseAsync(context);
    }

    private static Task GoOnAsync(HttpContext context, ForwardedRequest forwarded, RequestDelegate next)
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

    /// <summary>To stand behind the gate.</summary>
    public Task InvokeAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        if (endpoint.IsHandOver && context.Features.Get<ForwardedRequest>() == null) return next(context);
        var isNegotiate = endpoint.IsNegotiate;
        var id = context.Request.Query["id"];
        if (isNegotiate ? !HttpMethods.IsPost(context.Request.Method) : StringValues.IsNullOrEmpty(id)) return next(context);
        if (!key.IsKnown)
            return Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "not connected to the other replicas yet");
        if (isNegotiate) return negotiation.InvokeAsync(context, next);
        if (ConnectionToken.Read(id.ToString(), key) is not { } token) return NoSuchConnection.WriteAsync(context);
        if (endpoint.IsHandOver) return HandOverAsync(context, token);
        if (!ConnectionUser.Matches(context, token))
            return Refusal.WriteAsync(context, StatusCodes.Status403Forbidden, "not your connection");
        return token.Replica == replica.Value ? HereAsync(context, token, next) : ElsewhereAsync(context, token, next);
    }

    private Task HandOverAsync(HttpContext context, ConnectionToken token)
    {
        if (token.Replica != replica.Value || !beginnings.TryHandOver(token)) return NoSuchConnection.WriteAsync(context);
        pending.Begin(token.ConnectionId);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private Task HereAsync(HttpContext context, ConnectionToken token, RequestDelegate next)
    {
        if (!beginnings.TryHere(token, IsWebSocket(context))) return NoSuchConnection.WriteAsync(context);
        SetId(context, token.FrameworkToken);
        return next(context);
    }

    private async Task ElsewhereAsync(HttpContext context, ConnectionToken token, RequestDelegate next)
    {
        var isForwarded = context.Features.Get<ForwardedRequest>() != null; // once is enough
        if (isForwarded || await owners.FindAsync(token.Replica) is not { } owner)
        {
            await NoSuchConnection.WriteAsync(context);
        }
        else if (!IsWebSocket(context))
        {
            await forwarder.ForwardAsync(context, owner);
        }
        else if (await TakeOverAsync(context, owner))
        {
            SetId(context, null); // to the framework this is a new connection …
            context.Features.Set(new ReservedConnectionId(token.ConnectionId)); // … which keeps the id that its client was told
            await next(context);
        }
        else
        {
            await NoSuchConnection.WriteAsync(context);
        }
    }

    private async Task<bool> TakeOverAsync(HttpContext context, ReplicaClient owner)
    {
        using var late = new CancellationTokenSource(HandOverWithin, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted, owner.Gone);
        try
        {
            using var request = requests.MakeHandOver(context, owner);
            using var answer = await owners.SendAsync(request, end.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            if (!context.RequestAborted.IsCancellationRequested && owner.TellsFirst())
                Log.NotTaken(logger, owner.Id, owner.Address, fault.Message);
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
            "Rejected a forwarded request from {Address} that no replica of this gateway has signed ({Others} others since the last entry)")]
        public static partial void Refused(ILogger logger, int others, System.Net.IPAddress? address);

        [LoggerMessage(
            2, LogLevel.Warning,
            "Replica {Replica} at {Address} did not answer for a connection whose WebSocket has arrived here: {Fault}")]
        public static partial void NotTaken(ILogger logger, string replica, Uri address, string fault);
    }
}
