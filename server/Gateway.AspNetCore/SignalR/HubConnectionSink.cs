using System.IO.Pipelines;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The last station of an outbox on server-sent events and long polling, which have no WebSocket: the pipe to the framework's transport.
/// </summary>
internal sealed class HubConnectionSink(ConnectionContext connection, PipeWriter transport) : IFrameSink
{
    public FrameFormat Format => FrameFormat.SignalRRecord;

    /// <summary>The hub connection, once the handshake is done.</summary>
    public HubConnectionContext? Hub { get; set; }

    public int TryWrite(ReadOnlySpan<byte> bytes) => 0;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        var flushed = await transport.WriteAsync(bytes); // waits while the pipe is full
        if (flushed.IsCompleted || flushed.IsCanceled) throw new IOException("the connection is closed");
    }

    public void Complete()
    {
        // The Close record is out: the stock client closes; or the deadline sweep aborts.
    }

    public void Abort()
    {
        transport.CancelPendingFlush();
        if (Hub is { } hub) hub.Abort();
        else connection.Abort();
    }
}
