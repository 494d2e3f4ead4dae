using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.SignalR;

/// <summary>The last station of an outbox on server-sent events and long polling, which have no WebSocket: the framework's own connection.</summary>
internal sealed class HubConnectionSink(HubConnectionContext connection) : IFrameSink
{
    public FrameFormat Format => FrameFormat.SignalRRecord;

    public int TryWrite(ReadOnlySpan<byte> bytes) => 0;

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) =>
        connection.ConnectionAborted.IsCancellationRequested
            ? ValueTask.FromException(new IOException("the connection is closed"))
            : connection.WriteAsync(new SerializedHubMessage([new SerializedMessage("json", bytes)]), default);

    public void Complete()
    {
        // The Close record is out: the stock client closes; or the deadline sweep aborts.
    }

    public void Abort() => connection.Abort();
}
