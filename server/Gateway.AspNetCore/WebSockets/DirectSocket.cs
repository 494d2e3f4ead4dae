using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// Writes to the socket rather than through Kestrel's pipe, which saves two copies and a thread switch per write. This is safe only while
/// the pipe is empty. With a write buffer of one byte, a flush completes only when the kernel has taken everything, including the upgrade
/// response. So while no stream write is pending, the pipe is empty. Bytes that the socket does not take are written through the stream.
/// </summary>
internal static class DirectSocket
{
    /// <summary>
    /// Configures Kestrel for direct writes. The setting applies to every connection of the host, so only the host calls this.
    /// </summary>
    public static void Configure(SocketTransportOptions options) => options.MaxWriteBufferSize = 1;

    public static bool IsConfigured(SocketTransportOptions options) => options.MaxWriteBufferSize == 1;

    /// <summary>Returns the socket of a request if its bytes are written unchanged: plain-text HTTP/1.1.</summary>
    public static Socket? Of(HttpContext context)
    {
        if (context.Request.IsHttps || !HttpProtocol.IsHttp11(context.Request.Protocol)) return null;
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket) return null;
        socket.Blocking = false; // Send then returns "would block" and does not wait. Kestrel's asynchronous operations are not affected
        return socket;
    }
}
