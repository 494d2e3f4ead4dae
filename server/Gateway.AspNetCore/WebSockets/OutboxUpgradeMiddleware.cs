using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>Puts <see cref="OutboxUpgrade"/> ahead of the framework's WebSockets on the gateway's own paths.</summary>
internal sealed class OutboxUpgradeMiddleware(GatewayOptions options, IOptions<SocketTransportOptions> sockets, TimeProvider time)
{
    private readonly bool _isDirect = options.Server.DirectSocket && DirectSocket.IsConfigured(sockets.Value);

    public Task InvokeAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        if (Install(context, endpoint) is not { } upgrade) return next(context);
        // The other endpoints end their outboxes themselves
        return endpoint.IsSignalR ? RunHubAsync(context, upgrade, next) : next(context);
    }

    /// <summary>
    /// SignalR's transport writes its close frame after the hub has let the connection go. So the outbox ends with the request.
    /// </summary>
    private async Task RunHubAsync(HttpContext context, OutboxUpgrade upgrade, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            if (upgrade.Ended is { } ended) await ended();
            // The client has closed, too, or the framework's transport has waited for it long enough.
            await upgrade.StopAsync(options.Raw.WriteWait, isClosed: true);
        }
    }

    private OutboxUpgrade? Install(HttpContext context, GatewayEndpoint endpoint)
    {
        var upgradable = context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
        var connectable = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };
        if (!upgradable && !connectable) return null;
        var upgrade = new OutboxUpgrade(
            context, endpoint.Format, endpoint.Gates, endpoint.Domain.Limits, endpoint.Domain.Get<FrameLimit>(), options.Raw.WriteWait,
            time,
            _isDirect);
        if (upgradable) context.Features.Set<IHttpUpgradeFeature>(upgrade);
        if (connectable) context.Features.Set<IHttpExtendedConnectFeature>(upgrade);
        context.Features.Set<IHttpRequestLifetimeFeature>(upgrade);
        context.Features.Set(upgrade);
        return upgrade;
    }
}
