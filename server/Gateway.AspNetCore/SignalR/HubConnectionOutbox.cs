using System.IO.Pipelines;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The outbox of a hub connection between SignalR and the transport: for server-sent events and long polling, and for all transports of the
/// application's own hubs. Replies, broadcasts and replays share it, so they arrive in the order in which they were made.
/// </summary>
internal sealed class HubConnectionOutbox
{
    private readonly HubConnectionSink? _sink; // null if the outbox is below the WebSocket
    private readonly Func<Outbox?> _outbox;

    private HubConnectionOutbox(ConnectionContext connection, OutboxLimits limits, int corks, TimeProvider time)
    {
        _sink = new HubConnectionSink(connection, connection.Transport.Output);
        var outbox = new Outbox(_sink, limits, corks, time);
        _outbox = () => outbox;
    }

    // The framework starts the hub beside the transport, which accepts the WebSocket and with it makes the outbox. When the client has
    // closed, the framework sends it nothing more.
    private HubConnectionOutbox(OutboxUpgrade belowWebSocket) =>
        _outbox = () => belowWebSocket.HasClientClosed ? null : belowWebSocket.Outbox;

    /// <summary>Adds an outbox to the connection, unless it has one below its WebSocket.</summary>
    public static Task RunAsync(ConnectionContext connection, ConnectionDelegate next, GatewayDomain domain, TimeProvider time) =>
        connection.Features.Get<IHttpTransportFeature>()?.TransportType == HttpTransportType.WebSockets
            ? next(connection)
            : RunAsync(connection, next, domain, corks: 2, time);

    /// <summary>Lets SignalR's own writes pass the framework's WebSocket, to the outbox below it.</summary>
    public static Task RunAsync(ConnectionContext connection, ConnectionDelegate next, OutboxUpgrade belowWebSocket) =>
        new HubConnectionOutbox(belowWebSocket).RunAsync(connection, next, grace: null);

    /// <summary>Adds an outbox to the connection, whatever its transport.</summary>
    /// <param name="corks">How many messages must be sent before the first broadcast: the handshake response, and the welcome.</param>
    public static Task RunAsync(
        ConnectionContext connection, ConnectionDelegate next, GatewayDomain domain, int corks, TimeProvider time) =>
        new HubConnectionOutbox(connection, domain.Limits, corks, time).RunAsync(connection, next, domain.Options.Raw.WriteWait);

    /// <summary>Gets or sets what SignalR's own writes wait for, so that they follow the broadcasts made before them.</summary>
    public Func<Task>? Broadcasts { get; set; }

    /// <summary>Returns the outbox, and sets the hub connection that it aborts.</summary>
    public Outbox For(HubConnectionContext hub)
    {
        if (_sink != null) _sink.Hub = hub;
        return _outbox() ?? throw new HubException("The client has closed.");
    }

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate next, TimeSpan? grace)
    {
        var transport = connection.Transport;
        connection.Features.Set(this);
        var output = new OutboxPipeWriter(transport.Output, _outbox, () => Broadcasts?.Invoke() ?? Task.CompletedTask);
        connection.Transport = new Duplex(transport.Input, output);
        try
        {
            await next(connection);
        }
        finally
        {
            if (grace is { } time) await _outbox()!.StopAsync(time);
            connection.Transport = transport;
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
