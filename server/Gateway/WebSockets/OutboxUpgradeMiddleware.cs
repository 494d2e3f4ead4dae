using Gateway.Configuration;
using Gateway.Hubs;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.WebSockets;

/// <summary>Puts <see cref="OutboxUpgrade"/> ahead of the framework's WebSockets on the gateway's own paths.</summary>
internal sealed class OutboxUpgradeMiddleware(GatewayOptions options, TimeProvider time)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<Door>() is { } door) Install(context, door);
        return next(context);
    }

    private void Install(HttpContext context, Door door)
    {
        var upgradable = context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
        var connectable = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };
        if (!upgradable && !connectable) return;
        var upgrade = new OutboxUpgrade(context, door.Format, door.Gates, door.Hub.Limits, time, options.Server.DirectSocket);
        if (upgradable) context.Features.Set<IHttpUpgradeFeature>(upgrade);
        if (connectable) context.Features.Set<IHttpExtendedConnectFeature>(upgrade);
        context.Features.Set(upgrade);
    }
}
