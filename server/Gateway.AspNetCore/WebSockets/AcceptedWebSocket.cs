using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>Keeps the WebSocket that SignalR's transport accepts, so that its close code can be read later.</summary>
internal sealed class AcceptedWebSocket(IHttpWebSocketFeature inner) : IHttpWebSocketFeature
{
    public WebSocket? WebSocket { get; private set; }

    public bool IsWebSocketRequest => inner.IsWebSocketRequest;

    public async Task<WebSocket> AcceptAsync(WebSocketAcceptContext context) => WebSocket = await inner.AcceptAsync(context);

    /// <summary>Middleware. Place it after the framework's WebSockets.</summary>
    public static Task InstallAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<OutboxUpgrade>() != null && context.Features.Get<IHttpWebSocketFeature>() is { } feature)
        {
            var accepted = new AcceptedWebSocket(feature);
            context.Features.Set<IHttpWebSocketFeature>(accepted);
            context.Features.Set(accepted);
        }
        return next(context);
    }
}
