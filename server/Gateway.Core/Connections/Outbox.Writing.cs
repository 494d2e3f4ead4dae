using System.Buffers;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// The writing side. The caller that sets _writing owns it and writes until the queue is empty. The poster itself writes what goes out
/// without waiting. If the client is slower, a drain loop waits for it and batches what is posted meanwhile.
/// </summary>
internal sealed partial class Outbox
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Requires _writing. Writes at once what goes out without waiting; then the rest, and what is posted meanwhile.</summary>
    private void WriteNow(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var sent = _sink.TryWrite(bytes.Span);
            if (sent < bytes.Length)
            {
                var rest = _sink.WriteAsync(bytes[sent..]);
                if (!rest.IsCompletedSuccessfully)
                {
                    _ = FinishAsync(rest); // StopAsync waits for its end, by _writing
                    return;
                }
            }
        }
        catch (Exception fault)
        {
            FailWrite(fault);
            return;
        }
        if (!TryStopWriting()) StartDrain();
    }

    private async ValueTask WriteThroughAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            var sent = _sink.TryWrite(frame.Span);
            if (sent < frame.Length) await WaitAsync(_sink.WriteAsync(frame[sent..])).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            FailWrite(fault);
            throw;
        }
        if (!TryStopWriting()) StartDrain();
    }

    /// <summary>Requires _writing, which the drain clears at its end, so that <see cref="StopAsync"/> waits for it.</summary>
    private void StartDrain() => _ = DrainAsync();

    private async Task FinishAsync(ValueTask write)
    {
        try
        {
            await WaitAsync(write).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            FailWrite(fault);
            return;
        }
        await DrainAsync().ConfigureAwait(false);
    }

    private async Task DrainAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (TryDequeue(buffer, out var chunk, out var framework))
            {
                var sent = _sink.TryWrite(chunk.Span);
                if (sent < chunk.Length) await WaitAsync(_sink.WriteAsync(chunk[sent..])).ConfigureAwait(false);
                if (framework) EndFrameworkWrite(null);
            }
        }
        catch (Exception fault)
        {
            FailWrite(fault);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask WaitAsync(ValueTask write)
    {
        if (!write.IsCompleted) Volatile.Write(ref _waitingSince, _time.GetTimestamp());
        try
        {
            await write.ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _waitingSince, 0);
        }
    }

    /// <summary>Clears _writing if nothing is left to write. Returns <c>false</c> if something is waiting.</summary>
    private bool TryStopWriting()
    {
        lock (_queue)
        {
            if (_corks == 0 && !_queue.IsEmpty) return false;
            if (_phase != Phase.Closing)
            {
                StopWritingLocked();
                return true;
            }
            _phase = Phase.Closed; // the close frame has been written
        }
        _sink.Complete();
        lock (_queue) StopWritingLocked();
        return true;
    }

    private void StopWritingLocked()
    {
        _writing = false;
        CompleteStopLocked();
    }

    /// <summary>Completes <see cref="StopAsync"/> if the sink is not in use.</summary>
    private void CompleteStopLocked()
    {
        if (!_writing && _aborting == 0) _stopped?.TrySetResult();
    }

    /// <summary>
    /// Fills the buffer from the queue, or returns one large piece. Returns <c>false</c> if nothing is left; _writing is then cleared.
    /// </summary>
    private bool TryDequeue(byte[] buffer, out ReadOnlyMemory<byte> chunk, out bool framework)
    {
        chunk = default;
        framework = false;
        while (!TryStopWriting())
        {
            lock (_queue)
            {
                if (_queue.IsEmpty) continue; // the connection was aborted meanwhile
                chunk = DequeueLocked(buffer, out framework);
                return true;
            }
        }
        return false;
    }

    private ReadOnlyMemory<byte> DequeueLocked(byte[] buffer, out bool framework)
    {
        framework = false;
        var filled = 0;
        while (!_queue.IsEmpty && !framework)
        {
            ref var item = ref _queue.Peek();
            var frames = item.To;
            var piece = item.Content switch
            {
                FrameBatch batch => Fitting(batch, item.From, item.To, buffer.Length - filled, out frames),
                OutboxGap gap => WriteGap(gap),
                _ => ((FrameworkWrite)item.Content).Frame,
            };
            if (filled + piece.Length > buffer.Length && filled > 0) break;
            framework = _frameworkInFlight = item.Content is FrameworkWrite;
            _queue.Take(frames - item.From);
            if (piece.Length > buffer.Length) return piece;
            piece.CopyTo(buffer.AsMemory(filled));
            filled += piece.Length;
        }
        return buffer.AsMemory(0, filled);
    }

    private void EndFrameworkWrite(Exception? fault)
    {
        lock (_queue)
        {
            _frameworkInFlight = false;
            _framework?.End(fault);
        }
    }

    /// <summary>Returns as many frames of the batch as fit into <paramref name="room"/> bytes, and at least one.</summary>
    private static ReadOnlyMemory<byte> Fitting(FrameBatch batch, int from, int to, int room, out int upTo)
    {
        upTo = to;
        while (upTo > from + 1 && batch.Length(from, upTo) > room) upTo = from + ((upTo - from) / 2);
        return batch.Slice(from, upTo);
    }

    private byte[] WriteGap(OutboxGap gap)
    {
        if (Format == FrameFormat.Frames) return []; // the protocol is unknown, so there is no notice
        var message = new Message("system", Payloads.Gap(gap.Room, gap.Missed, gap.From, gap.To));
        return MessageWriter.Write(message, message.Payload, Format);
    }

    /// <summary>
    /// Ends the connection after a failed write. Requires _writing, and clears it last, because <see cref="StopAsync"/> waits for it.
    /// </summary>
    private void FailWrite(Exception fault)
    {
        EndFrameworkWrite(fault);
        Fail(fault);
        _owner?.OnWriteFailed(fault); // before the abort, which ends the reading side with a less specific fault
        _sink.Abort();
        lock (_queue) StopWritingLocked();
    }
}
