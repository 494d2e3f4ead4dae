using System.IO.Pipelines;
using Gateway.AspNetCore.Domains;
using Gateway.Core.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The outbox of a connection over server-sent events or long polling. It sits between SignalR and the transport. Replies, broadcasts and
/// replays share it, so they arrive in the order in which they were made.
/// </summary>
internal sealed class HubConnectionOutbox
{
    private readonly HubConnectionSink _sink;
    private readonly Outbox _outbox;

    private HubConnectionOutbox(ConnectionContext connection, OutboxLimits limits, TimeProvider time)
    {
        _sink = new HubConnectionSink(connection, connection.Transport.Output);
        _outbox = new Outbox(_sink, limits, corks: 2, time);
    }

    /// <summary>Adds an outbox to the connection, unless it has one below its WebSocket.</summary>
    public static Task RunAsync(ConnectionContext connection, ConnectionDelegate next, GatewayDomain hub, TimeProvider time) =>
        connection.Features.Get<IHttpTransportFeature>()?.TransportType == HttpTransportType.WebSockets
            ? next(connection)
            : new HubConnectionOutbox(connection, hub.Limits, time).RunAsync(connection, next, hub.Options.Raw.WriteWait);

    /// <summary>Returns the outbox, and sets the hub connection that it aborts.</summary>
    public Outbox For(HubConnectionContext hub)
    {
        _sink.Hub = hub;
        return _outbox;
    }

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate next, TimeSpan grace)
    {
        var transport = connection.Transport;
        connection.Features.Set(this);
        connection.Transport = new Duplex(transport.Input, new OutboxPipeWriter(transport.Output, _outbox));
        try
        {
            await next(connection);
        }
        finally
        {
            await _outbox.StopAsync(grace);
            connection.Transport = transport;
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
