using System.Buffers;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// The writing side. Whoever set _writing owns it and goes from the one write to the next: what goes out without waiting is written by the poster
/// itself; where the client is slower, a drain waits for it and gathers what has come meanwhile.
/// </summary>
internal sealed partial class Outbox
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Only with _writing owned: writes at once what goes out without waiting, the rest and whatever was posted meanwhile after it.</summary>
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
                    _ = FinishAsync(rest); // its end is what _writing and StopAsync tell of
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

    /// <summary>Only with _writing owned, which the drain gives up: so nothing of it is left when <see cref="StopAsync"/> has completed.</summary>
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

    /// <summary>Gives up _writing if nothing (more) may go out. False: something waits, and _writing stays owned.</summary>
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
            _phase = Phase.Closed; // the goodbye is out
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

    /// <summary>Tells <see cref="StopAsync"/> if the sink is not being used.</summary>
    private void CompleteStopLocked()
    {
        if (!_writing && _aborting == 0) _stopped?.TrySetResult();
    }

    /// <summary>Fills the buffer with what waits, or points at one large piece. False: nothing is left, and _writing is given up.</summary>
    private bool TryDequeue(byte[] buffer, out ReadOnlyMemory<byte> chunk, out bool framework)
    {
        chunk = default;
        framework = false;
        while (!TryStopWriting())
        {
            lock (_queue)
            {
                if (_queue.IsEmpty) continue; // the connection was aborted just now
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
                OutboxGap hole => WriteGap(hole),
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

    /// <summary>As many of the batch's frames as fit into <paramref name="room"/> bytes, and at least one.</summary>
    private static ReadOnlyMemory<byte> Fitting(FrameBatch batch, int from, int to, int room, out int upTo)
    {
        upTo = to;
        while (upTo > from + 1 && batch.Length(from, upTo) > room) upTo = from + ((upTo - from) / 2);
        return batch.Slice(from, upTo);
    }

    private byte[] WriteGap(OutboxGap hole)
    {
        if (Format == FrameFormat.Frames) return []; // nobody there would understand it
        var message = new Message("system", Payloads.Gap(hole.Room, hole.Missed, hole.From, hole.To));
        return MessageWriter.Write(message, message.Payload, Format);
    }

    /// <summary>Only with _writing owned, which it gives up last: until then <see cref="StopAsync"/> waits. A write failed.</summary>
    private void FailWrite(Exception fault)
    {
        EndFrameworkWrite(fault);
        Fail(fault);
        _owner?.OnWriteFailed(fault); // ahead of the abort, which ends the reading with a fault that says less
        _sink.Abort();
        lock (_queue) StopWritingLocked();
    }
}
