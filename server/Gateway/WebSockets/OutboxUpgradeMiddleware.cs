using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.WebSockets;

/// <summary>Puts <see cref="OutboxUpgrade"/> ahead of the framework's WebSockets on the gateway's own paths.</summary>
internal sealed class OutboxUpgradeMiddleware(GatewayOptions options, OutboxLimits limits, TimeProvider time)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path;
        if (path.Equals(options.Raw.Path)) Install(context, FrameFormat.RawWebSocket, gates: 1); // the welcome opens it
        else if (path.Equals(options.SignalR.Path)) Install(context, FrameFormat.SignalRWebSocket, gates: 2); // the handshake, then the welcome
        return next(context);
    }

    private void Install(HttpContext context, FrameFormat format, int gates)
    {
        var upgradable = context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
        var connectable = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };
        if (!upgradable && !connectable) return;
        var upgrade = new OutboxUpgrade(context, format, gates, limits, time, options.Server.DirectSocket);
        if (upgradable) context.Features.Set<IHttpUpgradeFeature>(upgrade);
        if (connectable) context.Features.Set<IHttpExtendedConnectFeature>(upgrade);
        context.Features.Set(upgrade);
    }
}
