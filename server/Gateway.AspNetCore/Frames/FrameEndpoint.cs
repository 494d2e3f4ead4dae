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

/// <summary>An endpoint whose conversations a handler leads: makes one for each connection, and sees both out, however they end.</summary>
internal sealed partial class FrameEndpoint(
    GatewayDomain hub, Func<IServiceProvider, IFrameHandler> factory, TimeProvider time, ILogger<FrameEndpoint> logger)
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
            ?? throw new InvalidOperationException("the endpoint was not mapped by MapFrames");
        var rooms = new FrameRooms(hub, time);
        var frames = new FrameContext(context, ConnectionId.New(), request.User!, hub.Name, rooms);
        IFrameHandler? handler = null;
        try
        {
            try
            {
                handler = factory(context.RequestServices);
                await handler.InitAsync(frames);
                if (frames.SubProtocol is { } chosen && !frames.OfferedSubProtocols.Contains(chosen))
                    throw new InvalidOperationException($"the client does not offer the sub-protocol {chosen}");
            }
            catch (Exception fault)
            {
                if (!context.RequestAborted.IsCancellationRequested) Log.NotBegun(logger, fault, frames.ConnectionId);
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
            frames.ConnectionId, frames.User, Dialect.Frames, upgrade.Prepare(), hub.Get<ConnectionEvents>(), time)
        {
            Token = request.Token,
            RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
            Shard = hub.Connections.NextShard(),
        };
        frames.Rooms.Attach(connection);
        var limits = hub.Options.Raw;
        var router = hub.Get<CommandRouter>();
        router.Expect(connection);
        WebSocket? webSocket = null;
        try
        {
            // In first, accepted then: the client has nothing but the acceptance to know by that it is in.
            if (await EnterAsync(connection, handler) is { } unwanted) connection.Close(unwanted);
            webSocket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = frames.SubProtocol });
            using var session = new FrameSession(webSocket, connection, handler, frames.Rooms, router, limits, time, logger);
            await session.RunAsync();
        }
        finally
        {
            await hub.Lifecycle.OnDisconnectedAsync(connection);
            await frames.Rooms.CloseAsync(limits.WriteWait);
            await upgrade.StopAsync(limits.WriteWait, isClosed: webSocket?.State is WebSocketState.Closed or WebSocketState.Aborted);
            webSocket?.Dispose();
        }
    }

    /// <returns>Why the connection cannot stay; its client hears of it when it is accepted.</returns>
    private async Task<CloseReason?> EnterAsync(Connection connection, IFrameHandler handler)
    {
        if (await hub.Lifecycle.OnConnectedAsync(connection, []) is { } error)
            return new CloseReason(1013, error.Text, AllowReconnect: true);
        if (hub.Get<AdmissionPolicy>().Check(connection) is { } unwanted) return unwanted;
        using var late = new CancellationTokenSource(hub.Options.Raw.PongWait, time);
        try
        {
            await handler.EnterAsync(late.Token).AsTask().WaitAsync(late.Token);
            return null;
        }
        catch (BackplaneException)
        {
            return new CloseReason(1013, Error.BackplaneUnavailable.Text, AllowReconnect: true);
        }
        catch (Exception fault)
        {
            Log.NotEntered(logger, fault, connection.Id);
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
            Log.NotDisposed(logger, fault, connectionId);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The handler for connection {ConnectionId} could not begin")]
        public static partial void NotBegun(ILogger logger, Exception fault, string connectionId);

        [LoggerMessage(2, LogLevel.Error, "The handler of connection {ConnectionId} failed to be disposed of")]
        public static partial void NotDisposed(ILogger logger, Exception fault, string connectionId);

        [LoggerMessage(3, LogLevel.Error, "The handler of connection {ConnectionId} could not enter its rooms")]
        public static partial void NotEntered(ILogger logger, Exception fault, string connectionId);
    }
}
