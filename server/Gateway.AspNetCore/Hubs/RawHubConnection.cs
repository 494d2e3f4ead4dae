using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Security.Claims;
using Gateway.Core.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// A raw client of an application's hub, as SignalR sees it. The client's messages reach the hub through a bounded pipe. What SignalR
/// writes for this client goes straight to its WebSocket, and so into its outbox, among the broadcasts. It is also the feature by which the
/// lifetime manager finds the outbox.
/// </summary>
internal sealed class RawHubConnection : ConnectionContext, IConnectionIdFeature, IConnectionItemsFeature, IConnectionTransportFeature,
    IConnectionLifetimeFeature, IConnectionUserFeature, IHttpContextFeature, IHttpTransportFeature, IConnectionInherentKeepAliveFeature,
    IDisposable
{
    // More than this waits in the socket. A longer message passes alone.
    private const int PauseBytes = 64 * 1024;

    private static readonly PipeOptions Options =
        new(pauseWriterThreshold: PauseBytes, resumeWriterThreshold: PauseBytes / 2, useSynchronizationContext: false);

    private readonly CancellationTokenSource _closed;
    private readonly Pipe _received = new(Options);
    private readonly RawHubWriter _writer;
    private IDictionary<object, object?>? _items;
    private Connection? _client;

    public RawHubConnection(
        string id, HttpContext http, ClaimsPrincipal user, TokenExpiry? token, WebSocket webSocket, Outbox outbox, TimeProvider time)
    {
        (ConnectionId, HttpContext, User, Token, Outbox) = (id, http, user, token, outbox);
        _closed = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        ConnectionClosed = _closed.Token;
        _writer = new RawHubWriter(webSocket, outbox);
        Transport = new Duplex(_received.Reader, _writer);
        Features.Set(this);
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionUserFeature>(this);
        Features.Set<IHttpContextFeature>(this);
        Features.Set<IHttpTransportFeature>(this);
        Features.Set<IConnectionInherentKeepAliveFeature>(this);
    }

    /// <summary>The outbox below the WebSocket.</summary>
    public Outbox Outbox { get; }

    /// <summary>When the gateway's token of the client ends; <c>null</c> if it has none.</summary>
    public TokenExpiry? Token { get; }

    /// <summary>The connection in the core, once the hub's lifetime manager has made it.</summary>
    public Connection? Client => Volatile.Read(ref _client);

    /// <summary>Where the receiver writes the client's messages.</summary>
    public PipeWriter Received => _received.Writer;

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items
    {
        // As with SignalR's own transports, parallel invocations may use it.
        get => LazyInitializer.EnsureInitialized(ref _items, static () => new ConnectionItems(new ConcurrentDictionary<object, object?>()));
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public ClaimsPrincipal? User { get; set; }

    public HttpContext? HttpContext { get; set; }

    public HttpTransportType TransportType => HttpTransportType.WebSockets;

    /// <summary>The WebSocket has pings of its own.</summary>
    public bool HasInherentKeepAlive => true;

    /// <summary>Called by the hub's lifetime manager, before the connection is in the core.</summary>
    /// <param name="client">The connection in the core.</param>
    /// <param name="broadcasts">What SignalR's own writes wait for, so that they follow the broadcasts made before them.</param>
    public void Attach(Connection client, Func<Task> broadcasts)
    {
        _writer.Broadcasts = broadcasts;
        Volatile.Write(ref _client, client);
    }

    /// <summary>Ends the connection without a close frame. <c>Context.Abort()</c> does not come here: it ends the hub.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => Outbox.Abort();

    /// <summary>Tells the hub's methods that the client has disconnected.</summary>
    /// <param name="grace">How long the hub may still read what the client has sent.</param>
    public void OnDisconnected(TimeSpan grace)
    {
        if (grace > TimeSpan.Zero) _closed.CancelAfter(grace);
        else _closed.Cancel();
    }

    public void Dispose() => _closed.Dispose();

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
