using System.Net.Sockets;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.WebSockets;

/// <summary>The last station of an outbox on a WebSocket: the socket itself where that is sound, else the web server's stream.</summary>
internal sealed class WebSocketSink(FrameFormat format, Stream stream, Socket? socket, IHttpRequestLifetimeFeature request) : IFrameSink
{
    public FrameFormat Format => format;

    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (socket == null) return 0;
        var sent = socket.Send(bytes, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => sent,
            SocketError.WouldBlock or SocketError.IOPending => Math.Max(sent, 0),
            _ => throw new IOException("the socket is closed", new SocketException((int)error)),
        };
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes);

    public void Complete()
    {
        // The close frame is out. The client answers it and the framework's receive loop ends; or the deadline sweep aborts.
    }

    public void Abort() => request.Abort();
}
