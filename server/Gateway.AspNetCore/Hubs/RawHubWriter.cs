using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// The pipe that SignalR writes to for a raw client. A flush completes when the WebSocket has the records, so answers, items of streams and
/// broadcasts keep the order in which the hub made them, and a stream waits for its client. A client that does not read is ended by the
/// outbox's write deadline, which fails the flush.
/// </summary>
internal sealed class RawHubWriter(WebSocket webSocket, Outbox outbox) : PipeWriter
{
    private ArrayBufferWriter<byte>? _records; // null while nothing is being written
    private bool _isHandshake = true;

    /// <summary>Gets or sets what a write waits for, so that it follows the broadcasts made before it.</summary>
    public Func<Task>? Broadcasts { get; set; }

    private ArrayBufferWriter<byte> Records => _records ??= new ArrayBufferWriter<byte>();

    public override void Advance(int bytes) => Records.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => Records.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => Records.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_records is not { WrittenCount: > 0 } records) return default;
        _records = null;
        return SendAsync(records.WrittenMemory);
    }

    public override void CancelPendingFlush()
    {
        // The WebSocket cannot take back what it sends. The write deadline ends it.
    }

    public override void Complete(Exception? exception = null)
    {
        // The endpoint closes the WebSocket when the hub has ended.
    }

    private async ValueTask<FlushResult> SendAsync(ReadOnlyMemory<byte> records)
    {
        try
        {
            if (Broadcasts is { } broadcasts) await broadcasts();
            while (RawHubRecord.TryRead(ref records, out var record))
            {
                if (_isHandshake) _isHandshake = false; // answers the handshake that no client has sent
                else if (record.Span.SequenceEqual(RawHubRecord.Closed)) outbox.Close(CloseReason.Normal);
                else if (record.Span.SequenceEqual(RawHubRecord.Failed)) outbox.Close(CloseReason.Internal);
                else if (outbox.IsOpen) await webSocket.SendAsync(record, WebSocketMessageType.Text, endOfMessage: true, default);
            }
            return default;
        }
        catch (Exception fault) when (fault is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client has disconnected, or did not read and was aborted.
            return new FlushResult(isCanceled: false, isCompleted: true);
        }
    }
}
