using System.Net.Sockets;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// Replaces the request's upgrade feature, for HTTP/1.1 and HTTP/2. Whoever accepts the WebSocket, our endpoint or SignalR's transport,
/// gets a stream whose writes go through an outbox. The framework still does the handshake, unmasking, fragmentation, UTF-8 validation, and
/// the replies to pings and closes; what it writes reaches the outbox as whole frames.
/// </summary>
internal sealed class OutboxUpgrade(
    HttpContext context, FrameFormat format, int corks, OutboxLimits limits, FrameLimit frames, TimeSpan writeWait, TimeProvider time,
    bool direct)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature, IHttpRequestLifetimeFeature
{
    private readonly IHttpRequestLifetimeFeature _lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
    private readonly IHttpUpgradeFeature? _upgrade = context.Features.Get<IHttpUpgradeFeature>();
    private readonly IHttpExtendedConnectFeature? _connect = context.Features.Get<IHttpExtendedConnectFeature>();

    private WebSocketSink? _pendingSink;

    /// <summary>Gets the connection's outbox, once it is accepted or prepared.</summary>
    public Outbox? Outbox { get; private set; }

    /// <summary>
    /// Gets or sets what runs when the framework has finished with the WebSocket of a hub connection, before the outbox stops.
    /// </summary>
    public Func<Task>? Ended { get; set; }

    /// <summary>Gets whether the client has sent a close frame.</summary>
    public bool HasClientClosed => Stream is { HasClientClosed: true };

    /// <summary>Gets whether the framework has closed the WebSocket as agreed.</summary>
    public bool IsClosedNormally => Stream is { IsClosedNormally: true };

    /// <summary>Gets or sets the stream below the outbox, for reading.</summary>
    private Stream? Inner { get; set; }

    private OutboxStream? Stream { get; set; }

    /// <summary>
    /// Creates the outbox before the WebSocket is accepted. Messages wait until then, so a connection can join rooms before its client
    /// learns that it is accepted.
    /// </summary>
    public Outbox Prepare()
    {
        _pendingSink = WebSocketSink.BeforeAccept(format, _lifetime);
        return Outbox = new Outbox(_pendingSink, limits, corks + 1, time);
    }

    /// <summary>Stops the outbox. Call it before the request ends, when the framework has finished with the WebSocket.</summary>
    /// <param name="isClosed">Whether both sides have sent a close frame, and the client waits for the end of the connection.</param>
    public async Task StopAsync(TimeSpan grace, bool isClosed)
    {
        if (Outbox == null) return; // never accepted
        if (Inner == null) _pendingSink!.Abort(); // it will not be accepted
        await Outbox.StopAsync(grace);
        if (Inner == null) return;
        if (!isClosed || Stream!.IsBroken) await LingeringClose.DrainAsync(Inner);
    }

    CancellationToken IHttpRequestLifetimeFeature.RequestAborted
    {
        get => _lifetime.RequestAborted;
        set => _lifetime.RequestAborted = value;
    }

    /// <summary>
    /// Ignores the abort when the client has violated the protocol. Over HTTP/2 the reset would overtake the close frame. The request ends
    /// soon after, and the outbox aborts a write that does not complete.
    /// </summary>
    void IHttpRequestLifetimeFeature.Abort()
    {
        if (Stream is not { IsBroken: true }) _lifetime.Abort();
    }

    bool IHttpUpgradeFeature.IsUpgradableRequest => _upgrade?.IsUpgradableRequest ?? false;

    bool IHttpExtendedConnectFeature.IsExtendedConnect => _connect?.IsExtendedConnect ?? false;

    string? IHttpExtendedConnectFeature.Protocol => _connect?.Protocol;

    async Task<Stream> IHttpUpgradeFeature.UpgradeAsync()
    {
        var stream = await _upgrade!.UpgradeAsync(); // the kernel has the 101 response when this returns, see DirectSocket
        return Open(stream, direct ? DirectSocket.Of(context) : null);
    }

    async ValueTask<Stream> IHttpExtendedConnectFeature.AcceptAsync() => Open(await _connect!.AcceptAsync(), null);

    private OutboxStream Open(Stream stream, Socket? socket)
    {
        Inner = stream;
        if (_pendingSink is { } sink)
        {
            sink.Attach(stream, socket);
            Outbox!.Uncork();
        }
        else
        {
            Outbox = new Outbox(new WebSocketSink(format, stream, socket, _lifetime), limits, corks, time);
        }
        var address = context.Connection.RemoteIpAddress?.ToString();
        return Stream = new OutboxStream(stream, Outbox!, isSignalR: format == FrameFormat.SignalRWebSocket, frames, address, writeWait);
    }
}
