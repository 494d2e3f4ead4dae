using System.Net.Sockets;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>The last station of an outbox on a WebSocket: the socket itself where that is sound, else the web server's stream.</summary>
internal sealed class WebSocketSink(FrameFormat format, IHttpRequestLifetimeFeature request) : IFrameSink
{
    private Stream? _stream;
    private Socket? _socket;
    private TaskCompletionSource<Stream>? _attached;

    public WebSocketSink(FrameFormat format, Stream stream, Socket? socket, IHttpRequestLifetimeFeature request)
        : this(format, request)
    {
        (_stream, _socket) = (stream, socket);
    }

    public FrameFormat Format => format;

    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (_socket == null) return 0;
        var sent = _socket.Send(bytes, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => sent,
            SocketError.WouldBlock or SocketError.IOPending => Math.Max(sent, 0),
            _ => throw new IOException("the socket is closed", new SocketException((int)error)),
        };
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => _stream is { } stream ? stream.WriteAsync(bytes) : WaitAsync(bytes);

    public void Complete()
    {
        // The close frame is out. The client answers it and the framework's receive loop ends; or the deadline sweep aborts.
    }

    public void Abort()
    {
        _attached?.TrySetException(new IOException("the WebSocket was not accepted"));
        request.Abort();
    }

    /// <summary>The client has not been told yet that its WebSocket is accepted: what is written waits for that.</summary>
    public static WebSocketSink BeforeAccept(FrameFormat format, IHttpRequestLifetimeFeature request) =>
        new(format, request) { _attached = new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously) };

    /// <summary>The WebSocket is accepted.</summary>
    public void Attach(Stream stream, Socket? socket)
    {
        (_socket, _stream) = (socket, stream);
        _attached!.TrySetResult(stream);
    }

    private async ValueTask WaitAsync(ReadOnlyMemory<byte> bytes) => await (await _attached!.Task).WriteAsync(bytes);
}
