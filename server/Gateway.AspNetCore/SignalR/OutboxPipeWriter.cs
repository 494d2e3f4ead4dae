using System.Buffers;
using System.IO.Pipelines;
using Gateway.Core.Connections;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The pipe that SignalR writes to in front of an outbox. Each flush holds whole records, which are queued in the outbox among the
/// broadcasts, in a frame of their own if the outbox is below the WebSocket. SignalR makes one write at a time. The first is the handshake
/// response; it releases a cork of the outbox, so that no broadcast overtakes it.
/// </summary>
/// <param name="outbox">The outbox; <c>null</c> before the WebSocket is accepted, and when its client has closed.</param>
/// <param name="broadcasts">Returns what a write waits for, so that it follows the broadcasts made before it.</param>
internal sealed class OutboxPipeWriter(PipeWriter transport, Func<Outbox?> outbox, Func<Task> broadcasts) : PipeWriter
{
    private ArrayBufferWriter<byte>? _records; // null while nothing is being written
    private bool _holdsCork = true;

    private ArrayBufferWriter<byte> Records => _records ??= new ArrayBufferWriter<byte>();

    public override void Advance(int bytes) => Records.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => Records.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => Records.GetSpan(sizeHint);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_records is not { WrittenCount: > 0 } records) return default;
        _records = null;
        if (outbox() is not { } queue) return await transport.WriteAsync(records.WrittenMemory, cancellationToken);
        await broadcasts();
        try
        {
            await queue.WriteAsync(
                queue.Format == FrameFormat.SignalRRecord ? records.WrittenMemory : WebSocketFrame.WriteText(records.WrittenSpan));
        }
        catch (IOException)
        {
            return new FlushResult(isCanceled: false, isCompleted: true); // as a pipe does when nobody reads any more
        }
        if (_holdsCork) queue.Uncork();
        _holdsCork = false;
        return default;
    }

    public override void CancelPendingFlush() => transport.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => transport.Complete(exception);
}
