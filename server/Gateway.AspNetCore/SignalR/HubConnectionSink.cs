using System.IO.Pipelines;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>Writes an outbox to the pipe of the framework's transport, for server-sent events and long polling.</summary>
internal sealed class HubConnectionSink(ConnectionContext connection, PipeWriter transport) : IFrameSink
{
    public FrameFormat Format => FrameFormat.SignalRRecord;

    /// <summary>The hub connection, once the handshake is done.</summary>
    public HubConnectionContext? Hub { get; set; }

    public int TryWrite(ReadOnlySpan<byte> bytes) => 0;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        var flushed = await transport.WriteAsync(bytes); // waits while the pipe is full
        if (flushed.IsCompleted || flushed.IsCanceled) throw new IOException("The connection is closed.");
    }

    public void Complete()
    {
        // The Close record is sent. The client closes, or the deadline sweep aborts the connection.
    }

    public void Abort()
    {
        transport.CancelPendingFlush();
        if (Hub is { } hub) hub.Abort();
        else connection.Abort();
    }
}
