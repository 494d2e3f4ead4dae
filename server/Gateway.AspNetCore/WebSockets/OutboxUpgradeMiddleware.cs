using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>Installs <see cref="OutboxUpgrade"/> before the framework's WebSockets, on the gateway's endpoints.</summary>
internal sealed class OutboxUpgradeMiddleware(GatewayOptions options, IOptions<SocketTransportOptions> sockets, TimeProvider time)
{
    private readonly bool _isDirect = options.Server.DirectSocket && DirectSocket.IsConfigured(sockets.Value);

    public Task InvokeAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        if (Install(context, endpoint) is not { } upgrade) return next(context);
        // The other endpoints stop their outboxes themselves.
        return endpoint.IsSignalR ? RunHubAsync(context, upgrade, next) : next(context);
    }

    /// <summary>
    /// Stops the outbox with the request, because SignalR's transport writes its close frame after the hub has disconnected the client.
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
            // The client has closed too, or the framework's transport has stopped waiting for it.
            await upgrade.StopAsync(options.Raw.WriteWait, isClosed: true);
        }
    }

    private OutboxUpgrade? Install(HttpContext context, GatewayEndpoint endpoint)
    {
        var upgradable = context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
        var connectable = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };
        if (!upgradable && !connectable) return null;
        var upgrade = new OutboxUpgrade(
            context, endpoint.Format, endpoint.Corks, endpoint.Domain.Limits, endpoint.Domain.Get<FrameLimit>(), options.Raw.WriteWait,
            time,
            _isDirect);
        if (upgradable) context.Features.Set<IHttpUpgradeFeature>(upgrade);
        if (connectable) context.Features.Set<IHttpExtendedConnectFeature>(upgrade);
        context.Features.Set<IHttpRequestLifetimeFeature>(upgrade);
        context.Features.Set(upgrade);
        return upgrade;
    }
}
