using System.Net.WebSockets;
using System.Security.Claims;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Raw;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// The endpoint of raw clients on an application's hub. SignalR's own connection handler runs the hub; it has only the raw dialect as
/// protocol.
/// </summary>
internal sealed partial class RawHubEndpoint<THub>
    where THub : Hub
{
    private readonly HubConnectionHandler<THub> _handler;
    private readonly RawHubMethods _methods = RawHubMethods.Of(typeof(THub));
    private readonly GatewayDomain _domain;
    private readonly FirstMessageAuthentication _firstMessage;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly int _maxMessageBytes;
    private readonly TimeSpan _writeWait;

    public RawHubEndpoint(IServiceProvider services, GatewayDomain domain)
    {
        var loggers = services.GetRequiredService<ILoggerFactory>();
        var options = RawHubOptions<THub>.Read(services);
        var json = services.GetRequiredService<IOptions<JsonHubProtocolOptions>>().Value.PayloadSerializerOptions;
        _logger = loggers.CreateLogger("Gateway.AspNetCore.Hubs.RawHub");
        var protocol = new RawHubProtocol(_methods, json, options.EnableDetailedErrors, _logger);
        _handler = new HubConnectionHandler<THub>(
            services.GetRequiredService<HubLifetimeManager<THub>>(), new OneProtocol(protocol), options.Global, options.Hub, loggers,
            services.GetRequiredService<IUserIdProvider>(), services.GetRequiredService<IServiceScopeFactory>());
        _domain = domain;
        _firstMessage = services.GetRequiredService<FirstMessageAuthentication>();
        _time = services.GetRequiredService<TimeProvider>();
        _maxMessageBytes = options.MaxMessageBytes;
        _writeWait = domain.Options.Raw.WriteWait;
    }

    public async Task HandleAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await Refusal.WriteAsync(context, StatusCodes.Status426UpgradeRequired, "this is a WebSocket endpoint");
            return;
        }
        var request = context.Features.Get<ConnectRequest>()
            ?? throw new InvalidOperationException("The endpoint was not mapped by MapRawHub. Map it with MapRawHub.");
        var upgrade = context.Features.Get<OutboxUpgrade>()!;
        using var webSocket = await context.WebSockets.AcceptWebSocketAsync(
            context.WebSockets.WebSocketRequestedProtocols.Contains(RequestToken.SubProtocol) ? RequestToken.SubProtocol : null);
        try
        {
            var (user, token) = (UserOf(context, request), request.Token);
            if (request.User == null) (user, token) = await AuthenticateAsync(webSocket, upgrade.Outbox!);
            if (user != null) await ServeAsync(context, user, token, webSocket, upgrade.Outbox!);
        }
        finally
        {
            await upgrade.StopAsync(_writeWait, isClosed: webSocket.State is WebSocketState.Closed or WebSocketState.Aborted);
        }
    }

    /// <summary>The application's user, or that of the gateway's token, or a guest.</summary>
    private static ClaimsPrincipal? UserOf(HttpContext context, ConnectRequest request)
    {
        if (context.User.Identity?.IsAuthenticated == true) return context.User;
        if (request.User is not { } guest) return null;
        // Without an authentication type: it has an id, and is not authenticated.
        return new ClaimsPrincipal(
            new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, guest.Id), new Claim(ClaimTypes.Name, guest.Name)]));
    }

    /// <summary>Authenticates a client by its first message. Until then every call is refused.</summary>
    private async Task<(ClaimsPrincipal?, TokenExpiry?)> AuthenticateAsync(WebSocket webSocket, Outbox outbox)
    {
        if (await _firstMessage.ReceiveAsync(webSocket, outbox, answersOthers: true) is not { } authenticated) return default;
        if (_domain.Get<AdmissionPolicy>().Check(authenticated.User, isNew: true) is { } rejection)
        {
            outbox.Close(rejection.Code == 503 ? CloseReason.TooManyOfUser : CloseReason.Banned);
            return default;
        }
        return (new TokenUser(authenticated), authenticated.Term);
    }

    private async Task ServeAsync(HttpContext context, ClaimsPrincipal user, TokenExpiry? token, WebSocket webSocket, Outbox outbox)
    {
        if (token != null) token.Warned = true; // the warning is a message of the gateway, which these clients do not know
        using var connection = new RawHubConnection(ConnectionId.New(), context, user, token, webSocket, outbox, _time);
        await connection.Received.WriteAsync(RawHubRecord.Handshake.ToArray());
        var receiving = new RawHubReceiver(webSocket, connection, _methods, _maxMessageBytes, _time).RunAsync();
        var running = RunHubAsync(connection);
        if (await Task.WhenAny(running, receiving) == receiving)
        {
            // The hub may still read what the client sent before it closed. Its methods decide how long they run.
            connection.OnDisconnected(grace: await receiving ? _writeWait : TimeSpan.Zero);
            await running;
            return;
        }
        outbox.Close(CloseReason.Normal); // unless it has been closed for another reason
        try
        {
            await receiving.WaitAsync(_writeWait, _time);
        }
        catch (TimeoutException)
        {
            outbox.Abort(); // the client does not answer the close frame
            await receiving;
        }
    }

    /// <summary>Runs the hub until it has ended, and closes the connection if it failed. Does not throw.</summary>
    private async Task RunHubAsync(RawHubConnection connection)
    {
        try
        {
            await _handler.OnConnectedAsync(connection);
        }
        catch (HubException refused)
        {
            // The lifetime manager could not connect it. SignalR itself does not let a hub's exceptions out, but for OnDisconnectedAsync's.
            var error = RawHubErrors.Coded(refused.Message);
            connection.Outbox.Close(error.Code == 503 ? new CloseReason(1013, error.Text, AllowReconnect: true) : CloseReason.Internal);
        }
        catch (Exception fault)
        {
            Log.Failed(_logger, fault, connection.ConnectionId);
            connection.Outbox.Close(CloseReason.Internal);
        }
        finally
        {
            await connection.Transport.Input.CompleteAsync(); // what the client still sends is discarded
        }
    }

    private sealed class OneProtocol(IHubProtocol protocol) : IHubProtocolResolver
    {
        public IReadOnlyList<IHubProtocol> AllProtocols => [protocol];

        public IHubProtocol GetProtocol(string protocolName, IReadOnlyList<string>? supportedProtocols) => protocol;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The hub failed for connection {ConnectionId}")]
        public static partial void Failed(ILogger logger, Exception fault, string connectionId);
    }
}
