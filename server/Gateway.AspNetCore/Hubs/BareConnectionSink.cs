using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// Writes an outbox to a hub connection that was given to the lifetime manager without a transport, as tests and own hosts do. There is
/// nothing below it to write to, so SignalR's own writes do not pass the outbox.
/// </summary>
internal sealed class BareConnectionSink(HubConnectionContext connection) : IFrameSink
{
    public FrameFormat Format => FrameFormat.SignalRRecord;

    public int TryWrite(ReadOnlySpan<byte> bytes) => 0;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        if (connection.ConnectionAborted.IsCancellationRequested) throw new IOException("The connection is closed.");
        await connection.WriteAsync(new SerializedHubMessage([new SerializedMessage(connection.Protocol.Name, bytes)]));
    }

    public void Complete()
    {
        // Who owns the connection ends it.
    }

    public void Abort() => connection.Abort();
}
