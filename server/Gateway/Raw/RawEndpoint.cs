using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Security;
using Gateway.WebSockets;

namespace Gateway.Raw;

/// <summary>The raw dialect's endpoint: accepts the WebSocket, lets the connection in, and sees it out, however it ends.</summary>
internal sealed class RawEndpoint(
    GatewayOptions options, Reception reception, ConnectionTable connections, CommandRouter router, Doorkeeper doorkeeper, ConnectionEvents events, TimeProvider time)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await Refusal.WriteAsync(context, StatusCodes.Status426UpgradeRequired, "this is a WebSocket endpoint");
            return;
        }
        var request = context.Features.Get<ConnectRequest>() ?? throw new InvalidOperationException("MapGateway needs UseGateway ahead of it");
        var upgrade = context.Features.Get<OutboxUpgrade>()!;
        using var webSocket = await context.WebSockets.AcceptWebSocketAsync();
        var connection = new Connection(ConnectionId.New(), request.User, Dialect.Raw, upgrade.Outbox!, events, time)
        {
            RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
            Shard = connections.NextShard(),
        };
        router.Expect(connection);
        try
        {
            if (await reception.ArriveAsync(connection, request.Rooms) is { } error)
                connection.Close(new CloseReason(1013, error.Text, AllowReconnect: true));
            else if (doorkeeper.Check(connection) is { } unwanted)
                connection.Close(unwanted);
            await new RawReceiver(webSocket, connection, router, options.Raw.MaxMessageBytes).RunAsync();
        }
        finally
        {
            await reception.DepartAsync(connection);
            await connection.Outbox.StopAsync(options.Raw.WriteWait);
            if (webSocket.State is not (WebSocketState.Closed or WebSocketState.Aborted)) await Linger.ReadAwayAsync(upgrade.Inner!);
        }
    }
}
