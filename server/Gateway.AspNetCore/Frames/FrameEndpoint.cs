using System.Net.WebSockets;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;

namespace Gateway.AspNetCore.Frames;

/// <summary>A WebSocket endpoint with one handler for each connection. Creates the handler and disposes it.</summary>
internal sealed partial class FrameEndpoint(
    GatewayDomain domain, Func<IServiceProvider, IFrameHandler> factory, TimeProvider time, ILogger<FrameEndpoint> logger)
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
            ?? throw new InvalidOperationException(
                "The endpoint was not mapped by MapFrames. Map it with endpoints.MapFrames(path, factory).");
        var rooms = new FrameRooms(domain, time);
        var frames = new FrameContext(context, ConnectionId.New(), request.User!, domain.Name, rooms);
        IFrameHandler? handler = null;
        try
        {
            try
            {
                handler = factory(context.RequestServices);
                await handler.InitAsync(frames);
                if (frames.SubProtocol is { } chosen && !frames.OfferedSubProtocols.Contains(chosen))
                    throw new InvalidOperationException(
                        $"The client does not offer the sub-protocol '{chosen}'. Set SubProtocol to one of OfferedSubProtocols.");
            }
            catch (Exception fault)
            {
                if (!context.RequestAborted.IsCancellationRequested) Log.InitFailed(logger, fault, frames.ConnectionId);
                context.Response.Headers.Clear();
                frames.Refuse(Error.Internal.Code, Error.Internal.Text);
            }
            if (frames.Refusal is { } refusal) await Refusal.WriteAsync(context, refusal.Status, refusal.Text);
            else await ServeAsync(context, request, frames, handler!);
        }
        finally
        {
            if (handler != null) await DisposeAsync(handler, frames.ConnectionId);
        }
    }

    private async Task ServeAsync(HttpContext context, ConnectRequest request, FrameContext frames, IFrameHandler handler)
    {
        var upgrade = context.Features.Get<OutboxUpgrade>()!;
        var connection = new Connection(
            frames.ConnectionId, frames.User, Dialect.Frames, upgrade.Prepare(), domain.Get<ConnectionEvents>(), time)
        {
            Token = request.Token,
            RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
            Shard = domain.Connections.NextShard(),
        };
        frames.Rooms.Attach(connection);
        var limits = domain.Options.Raw;
        var router = domain.Get<CommandRouter>();
        router.Expect(connection);
        WebSocket? webSocket = null;
        try
        {
            // The connection joins its rooms before the WebSocket is accepted. A client whose WebSocket is open is in its rooms.
            if (await EnterAsync(connection, handler) is { } rejection) connection.Close(rejection);
            webSocket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = frames.SubProtocol });
            using var session = new FrameSession(webSocket, connection, handler, frames.Rooms, router, limits, time, logger);
            await session.RunAsync();
        }
        finally
        {
            await domain.Lifecycle.OnDisconnectedAsync(connection);
            await frames.Rooms.CloseAsync(limits.WriteWait);
            await upgrade.StopAsync(limits.WriteWait, isClosed: webSocket?.State is WebSocketState.Closed or WebSocketState.Aborted);
            webSocket?.Dispose();
        }
    }

    /// <returns>Why the connection must be closed once it is accepted, or <c>null</c>.</returns>
    private async Task<CloseReason?> EnterAsync(Connection connection, IFrameHandler handler)
    {
        if (await domain.Lifecycle.OnConnectedAsync(connection, []) is { } error)
            return new CloseReason(1013, error.Text, AllowReconnect: true);
        if (domain.Get<AdmissionPolicy>().Check(connection) is { } rejection) return rejection;
        using var timeout = new CancellationTokenSource(domain.Options.Raw.PongWait, time);
        try
        {
            await handler.EnterAsync(timeout.Token).AsTask().WaitAsync(timeout.Token);
            return null;
        }
        catch (BackplaneException)
        {
            return new CloseReason(1013, Error.BackplaneUnavailable.Text, AllowReconnect: true);
        }
        catch (Exception fault)
        {
            Log.EnterFailed(logger, fault, connection.Id);
            return CloseReason.Internal;
        }
    }

    private async Task DisposeAsync(IFrameHandler handler, string connectionId)
    {
        try
        {
            await handler.DisposeAsync();
        }
        catch (Exception fault)
        {
            Log.DisposeFailed(logger, fault, connectionId);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The handler of connection {ConnectionId} failed to initialize")]
        public static partial void InitFailed(ILogger logger, Exception fault, string connectionId);

        [LoggerMessage(2, LogLevel.Error, "The handler of connection {ConnectionId} failed in DisposeAsync")]
        public static partial void DisposeFailed(ILogger logger, Exception fault, string connectionId);

        [LoggerMessage(3, LogLevel.Error, "The handler of connection {ConnectionId} failed in EnterAsync")]
        public static partial void EnterFailed(ILogger logger, Exception fault, string connectionId);
    }
}
