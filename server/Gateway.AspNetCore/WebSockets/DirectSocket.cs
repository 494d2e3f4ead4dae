using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// The way past Kestrel's pipe: two copies and a thread hop less per write. It is sound only while nothing of Kestrel's waits in that pipe.
/// With a write buffer of one byte a flush completes only when the kernel has taken everything, the upgrade response included; so while no
/// stream write is pending the pipe is empty and the socket is ours. What the socket does not take goes through the stream, awaited.
/// </summary>
internal static class DirectSocket
{
    /// <summary>The host's choice: it holds for every connection of its Kestrel.</summary>
    public static void Configure(SocketTransportOptions options) => options.MaxWriteBufferSize = 1;

    public static bool IsConfigured(SocketTransportOptions options) => options.MaxWriteBufferSize == 1;

    /// <summary>The socket below the request, if bytes may be written to it as they are: plain text, HTTP/1.1.</summary>
    public static Socket? Of(HttpContext context)
    {
        if (context.Request.IsHttps || !HttpProtocol.IsHttp11(context.Request.Protocol)) return null;
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket) return null;
        socket.Blocking = false; // Send then says "would block" instead of waiting; Kestrel's asynchronous operations do not mind
        return socket;
    }
}
