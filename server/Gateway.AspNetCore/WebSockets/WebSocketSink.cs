using System.Net.Sockets;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>Writes an outbox to a WebSocket connection: directly to the socket where possible, else to the web server's stream.</summary>
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
            _ => throw new IOException("The socket is closed.", new SocketException((int)error)),
        };
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => _stream is { } stream ? stream.WriteAsync(bytes) : WaitAsync(bytes);

    public void Complete()
    {
        // The close frame is sent. The client answers it and the framework's receive loop ends, or the deadline sweep aborts the
        // connection.
    }

    public void Abort()
    {
        _attached?.TrySetException(new IOException("The WebSocket was not accepted."));
        request.Abort();
    }

    /// <summary>Creates a sink whose writes wait until the WebSocket is accepted.</summary>
    public static WebSocketSink BeforeAccept(FrameFormat format, IHttpRequestLifetimeFeature request) =>
        new(format, request) { _attached = new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously) };

    /// <summary>Sets the stream when the WebSocket is accepted.</summary>
    public void Attach(Stream stream, Socket? socket)
    {
        (_socket, _stream) = (socket, stream);
        _attached!.TrySetResult(stream);
    }

    private async ValueTask WaitAsync(ReadOnlyMemory<byte> bytes) => await (await _attached!.Task).WriteAsync(bytes);
}
