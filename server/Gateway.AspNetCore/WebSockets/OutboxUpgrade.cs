using System.Net.Sockets;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// Stands in for the request's upgrade feature, HTTP/1.1 or HTTP/2: whoever accepts the WebSocket, our endpoint or SignalR's transport,
/// gets the connection's stream with its writes led through an outbox. The framework keeps the handshake, unmasking, fragmentation, UTF-8
/// checks and the answers to pings and closes; what it writes arrives in the outbox as whole frames.
/// </summary>
internal sealed class OutboxUpgrade(
    HttpContext context, FrameFormat format, int gates, OutboxLimits limits, FrameLimit frames, TimeSpan writeWait, TimeProvider time,
    bool direct)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature, IHttpRequestLifetimeFeature
{
    private readonly IHttpRequestLifetimeFeature _lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
    private readonly IHttpUpgradeFeature? _upgrade = context.Features.Get<IHttpUpgradeFeature>();
    private readonly IHttpExtendedConnectFeature? _connect = context.Features.Get<IHttpExtendedConnectFeature>();

    private WebSocketSink? _waiting;

    /// <summary>The connection's outbox, once it is accepted, or prepared.</summary>
    public Outbox? Outbox { get; private set; }

    /// <summary>Run when the framework has finished with the WebSocket of a hub connection, just ahead of the end of the outbox.</summary>
    public Func<Task>? Ended { get; set; }

    /// <summary>The stream without the outbox, for reading.</summary>
    private Stream? Inner { get; set; }

    private OutboxStream? Stream { get; set; }

    /// <summary>
    /// Makes the outbox ahead of the acceptance: what is posted waits for that. So a connection can be in its rooms before its client is
    /// told that it is accepted.
    /// </summary>
    public Outbox Prepare()
    {
        _waiting = WebSocketSink.BeforeAccept(format, _lifetime);
        return Outbox = new Outbox(_waiting, limits, gates + 1, time);
    }

    /// <summary>Ends the outbox; to be called before the request ends, when the framework is through with the WebSocket.</summary>
    /// <param name="isClosed">Both sides have said drainer: the client waits for the end of the connection.</param>
    public async Task StopAsync(TimeSpan grace, bool isClosed)
    {
        if (Outbox == null) return; // never accepted
        if (Inner == null) _waiting!.Abort(); // nor will it be
        await Outbox.StopAsync(grace);
        if (Inner == null) return;
        if (!isClosed || Stream!.IsBroken) await LingeringClose.ReadAwayAsync(Inner);
    }

    CancellationToken IHttpRequestLifetimeFeature.RequestAborted
    {
        get => _lifetime.RequestAborted;
        set => _lifetime.RequestAborted = value;
    }

    /// <summary>
    /// SignalR's transport aborts the request of a client that broke the protocol. Over HTTP/2 the reset would overtake the close frame
    /// that tells the client so. The request ends by itself a moment later, and what gets stuck meanwhile the outbox aborts.
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
        var stream = await _upgrade!.UpgradeAsync(); // the 101 response is with the kernel when this returns, see DirectSocket
        return Open(stream, direct ? DirectSocket.Of(context) : null);
    }

    async ValueTask<Stream> IHttpExtendedConnectFeature.AcceptAsync() => Open(await _connect!.AcceptAsync(), null);

    private OutboxStream Open(Stream stream, Socket? socket)
    {
        Inner = stream;
        if (_waiting is { } sink)
        {
            sink.Attach(stream, socket);
            Outbox!.Uncork();
        }
        else
        {
            Outbox = new Outbox(new WebSocketSink(format, stream, socket, _lifetime), limits, gates, time);
        }
        var address = context.Connection.RemoteIpAddress?.ToString();
        return Stream = new OutboxStream(stream, Outbox!, isSignalR: gates > 1, frames, address, writeWait);
    }
}
