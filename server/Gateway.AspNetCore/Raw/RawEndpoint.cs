using System.Net.WebSockets;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;

namespace Gateway.AspNetCore.Raw;

/// <summary>The endpoint of the raw dialect. Accepts the WebSocket, connects it, and disconnects it when it ends.</summary>
internal sealed class RawEndpoint(
    GatewayOptions options, ConnectionLifecycle lifecycle, ConnectionTable connections, CommandRouter router, AdmissionPolicy admission,
    ConnectionEvents events, FirstMessageAuthentication firstMessage, RoomTable rooms, TimeProvider time)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await Refusal.WriteAsync(context, StatusCodes.Status426UpgradeRequired, "this is a WebSocket endpoint");
            return;
        }
        var request = context.Features.Get<ConnectRequest>()
            ?? throw new InvalidOperationException("The endpoint was not mapped by MapGateway. Map it with MapGateway.");
        var upgrade = context.Features.Get<OutboxUpgrade>()!;
        using var webSocket = await context.WebSockets.AcceptWebSocketAsync(
            context.WebSockets.WebSocketRequestedProtocols.Contains(RequestToken.SubProtocol) ? RequestToken.SubProtocol : null);
        if (request.User == null)
        {
            request = await AuthenticateAsync(request, webSocket, upgrade.Outbox!);
            if (request == null)
            {
                await EndAsync(webSocket, upgrade);
                return;
            }
        }
        var connection = new Connection(ConnectionId.New(), request.User!, Dialect.Raw, upgrade.Outbox!, events, time)
        {
            Token = request.Token,
            RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
            Shard = connections.NextShard(),
        };
        router.Expect(connection);
        try
        {
            if (await lifecycle.OnConnectedAsync(connection, request.Rooms) is { } error)
                connection.Close(new CloseReason(1013, error.Text, AllowReconnect: true));
            else if (admission.Check(connection) is { } rejection)
                connection.Close(rejection);
            await new RawReceiver(webSocket, connection, router, options.Raw.MaxMessageBytes).RunAsync();
        }
        finally
        {
            await lifecycle.OnDisconnectedAsync(connection);
            await EndAsync(webSocket, upgrade);
        }
    }

    /// <summary>
    /// Authenticates a client by the token in its first message. Returns <c>null</c> if the token is missing or invalid, or does not permit
    /// a requested room.
    /// </summary>
    private async Task<ConnectRequest?> AuthenticateAsync(ConnectRequest request, WebSocket webSocket, Outbox outbox)
    {
        if (await firstMessage.ReceiveAsync(webSocket, outbox) is not { } authenticated) return null;
        var (permitted, error) = request.Of(authenticated).Permitted(rooms.Permissions);
        if (error != null) outbox.Close(new CloseReason(1008, "not allowed in one of the rooms", AllowReconnect: false));
        else if (admission.Check(authenticated.User, isNew: true) is { } rejection) outbox.Close(CloseReasonOf(rejection));
        else return permitted;
        return null;
    }

    private static CloseReason CloseReasonOf(Error error) => error.Code == 503 ? CloseReason.TooManyOfUser : CloseReason.Banned;

    private Task EndAsync(WebSocket webSocket, OutboxUpgrade upgrade) =>
        upgrade.StopAsync(options.Raw.WriteWait, isClosed: webSocket.State is WebSocketState.Closed or WebSocketState.Aborted);
}
