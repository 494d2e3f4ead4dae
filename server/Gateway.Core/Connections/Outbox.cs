using System.Buffers;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// Frames on their way to one connection: the one thing that writes to it. Posting never waits for the client. At most one write is
/// under way at any time, and whoever started it (a poster, or the drain after it) goes on until nothing waits.
/// </summary>
public sealed class Outbox
{
    private const int BufferBytes = 16 * 1024;

    private readonly IFrameSink _sink;
    private readonly TimeProvider _time;

    // The queue is the lock too, there are many outboxes, and guards itself and what follows. While the outbox is open: not _writing means that the queue is empty.
    private readonly OutboxQueue _queue;
    private FrameworkWrite? _framework;
    private Phase _phase = Phase.Open;
    private int _gates;
    private bool _writing;
    private bool _frameworkInFlight;
    private TaskCompletionSource? _stopped;
    private long _closingSince;

    // Written by whoever owns _writing.
    private long _waitingSince;

    private IOutboxOwner? _owner;
    private long _lastReceived;

    /// <param name="gates">How many times <see cref="OpenGate"/> must be called before posted frames go out.</param>
    public Outbox(IFrameSink sink, OutboxLimits limits, int gates, TimeProvider time)
    {
        _sink = sink;
        _queue = new OutboxQueue(limits);
        _gates = gates;
        _time = time;
        _lastReceived = time.GetTimestamp();
    }

    private enum Phase : byte
    {
        Open,

        /// <summary>The goodbye is queued or being written: nothing else is accepted.</summary>
        Closing,
        Closed,
    }

    /// <summary>What became of a posted batch; the overflows have begun to close the connection.</summary>
    private enum Admission : byte
    {
        Refused,
        WriteNow,
        Queued,
        Overflow,
        OverflowWhileIdle,
    }

    public FrameFormat Format => _sink.Format;

    /// <summary>When bytes last came from the client, as a timestamp of the time provider; the stream below the WebSocket keeps it.</summary>
    public long LastReceived => Volatile.Read(ref _lastReceived);

    /// <summary>Messages waiting now.</summary>
    public int Depth
    {
        get { lock (_queue) return _queue.Messages; }
    }

    public bool IsOpen
    {
        get { lock (_queue) return _phase == Phase.Open; }
    }

    public void NoteReceived() => Volatile.Write(ref _lastReceived, _time.GetTimestamp());

    internal void Attach(IOutboxOwner owner) => _owner = owner;

    /// <summary>Opens one of the gates that hold posted frames back; <paramref name="first"/> goes out ahead of what waits.</summary>
    public void OpenGate(FrameBatch? first = null)
    {
        lock (_queue)
        {
            if (_phase != Phase.Open) return;
            if (first != null) _queue.AddFirst(first);
            if (_gates > 0) _gates--;
            if (_gates > 0 || _writing || _queue.IsEmpty) return;
            _writing = true;
        }
        StartDrain();
    }

    /// <summary>Posts frames and returns how many were taken. A full outbox follows the batch's policy.</summary>
    public int Post(FrameBatch batch)
    {
        var admission = Admit(batch, out var taken, out var dropped);
        switch (admission)
        {
            case Admission.WriteNow:
                WriteNow(batch.Bytes);
                break;
            case Admission.Queued when dropped > 0:
                _owner?.OnDropped(batch.Policy, dropped);
                break;
            case Admission.Overflow or Admission.OverflowWhileIdle:
                if (admission == Admission.OverflowWhileIdle) StartDrain();
                _owner?.OnDropped(SlowConsumerPolicy.Disconnect, dropped);
                _owner?.OnClosing(CloseReason.SlowConsumer);
                break;
        }
        return taken;
    }

    /// <summary>Writes a frame of the framework's in its turn; completes when it is out. Its bytes must stay as they are until then.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> frame)
    {
        lock (_queue)
        {
            if (_phase != Phase.Open) return default; // RFC 6455 section 5.5.1: nothing follows a close frame
            if (WebSocketFrame.IsClose(frame.Span))
            {
                EnterClosingLocked();
                if (!_writing) _queue.Clear(); // held back by a gate that will not open any more
            }
            if (_writing)
            {
                _framework ??= new FrameworkWrite();
                var written = _framework.Begin(frame);
                _queue.AddLast(_framework, 1);
                return written;
            }
            _writing = true; // gates hold back what was posted, not the handshake that opens them
        }
        return WriteThroughAsync(frame);
    }

    /// <summary>Says goodbye after what waits, or instead of it, and accepts nothing more. The first call decides.</summary>
    public void Close(CloseReason reason, bool discardQueue = false)
    {
        int dropped;
        bool start;
        lock (_queue)
        {
            if (_phase != Phase.Open) return;
            dropped = BeginCloseLocked(reason, discardQueue);
            start = !_writing;
            _writing = true;
        }
        if (start) StartDrain();
        if (dropped > 0) _owner?.OnDropped(SlowConsumerPolicy.Disconnect, dropped);
        _owner?.OnClosing(reason);
    }

    /// <summary>The connection is over: what waits is forgotten, and nothing more is written.</summary>
    public void Abort()
    {
        Fail(new IOException("the connection was aborted"));
        _sink.Abort();
    }

    /// <summary>
    /// The client is gone or has said goodbye: forgets what waits, lets a goodbye of ours that is on its way go out, and completes when
    /// nothing is being written any more, so that the stream below may be disposed.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        bool open;
        lock (_queue) open = _phase == Phase.Open;
        if (open) Fail(new IOException("the connection ended"));
        Task stopped;
        lock (_queue)
        {
            if (!_writing) return;
            _stopped ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            stopped = _stopped.Task;
        }
        try
        {
            await stopped.WaitAsync(grace, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Abort();
            await stopped.ConfigureAwait(false);
        }
    }

    /// <summary>Has one write, or the goodbye, taken longer than <paramref name="writeWait"/>?</summary>
    public bool IsOverdue(TimeSpan writeWait)
    {
        var waitingSince = Volatile.Read(ref _waitingSince);
        var closingSince = Volatile.Read(ref _closingSince);
        return (waitingSince != 0 && _time.GetElapsedTime(waitingSince) > writeWait)
            || (closingSince != 0 && _time.GetElapsedTime(closingSince) > writeWait);
    }

    private Admission Admit(FrameBatch batch, out int taken, out int dropped)
    {
        taken = dropped = 0;
        lock (_queue)
        {
            if (_phase != Phase.Open) return Admission.Refused;
            if (!_writing && _gates == 0)
            {
                _writing = true;
                taken = batch.Count;
                return Admission.WriteNow;
            }
            taken = _queue.Add(batch, out dropped);
            if (taken >= 0) return Admission.Queued;
            taken = 0;
            dropped = BeginCloseLocked(CloseReason.SlowConsumer, discardQueue: true) + batch.Count;
            if (_writing) return Admission.Overflow;
            _writing = true;
            return Admission.OverflowWhileIdle;
        }
    }

    private void EnterClosingLocked()
    {
        _phase = Phase.Closing;
        _gates = 0;
        Volatile.Write(ref _closingSince, _time.GetTimestamp());
    }

    /// <returns>How many waiting frames were discarded.</returns>
    private int BeginCloseLocked(CloseReason reason, bool discardQueue)
    {
        EnterClosingLocked();
        var dropped = 0;
        if (discardQueue)
        {
            dropped = _queue.Clear();
            if (!_frameworkInFlight) _framework?.End(null); // not written, but nobody will miss it: the goodbye takes its place
        }
        _queue.AddLast(new FrameBatch(CloseWriter.Write(reason, Format)), 1);
        return dropped;
    }

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
            Break(fault);
            return;
        }
        if (!TryRest()) StartDrain();
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
            Break(fault);
            throw;
        }
        if (!TryRest()) StartDrain();
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
            Break(fault);
            return;
        }
        await DrainAsync().ConfigureAwait(false);
    }

    private async Task DrainAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (TryTake(buffer, out var chunk, out var framework))
            {
                var sent = _sink.TryWrite(chunk.Span);
                if (sent < chunk.Length) await WaitAsync(_sink.WriteAsync(chunk[sent..])).ConfigureAwait(false);
                if (framework) EndFrameworkWrite(null);
            }
        }
        catch (Exception fault)
        {
            Break(fault);
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
    private bool TryRest()
    {
        bool complete;
        lock (_queue)
        {
            if (_gates == 0 && !_queue.IsEmpty) return false;
            complete = _phase == Phase.Closing;
            if (complete) _phase = Phase.Closed;
            RestLocked();
        }
        if (complete) _sink.Complete();
        return true;
    }

    private void RestLocked()
    {
        _writing = false;
        _stopped?.TrySetResult();
    }

    /// <summary>Fills the buffer with what waits, or points at one large piece. False: nothing is left, and _writing is given up.</summary>
    private bool TryTake(byte[] buffer, out ReadOnlyMemory<byte> chunk, out bool framework)
    {
        chunk = default;
        framework = false;
        if (TryRest()) return false;
        lock (_queue)
        {
            var filled = 0;
            while (!_queue.IsEmpty && !framework)
            {
                ref var item = ref _queue.Peek();
                var frames = item.To;
                var piece = item.Content switch
                {
                    FrameBatch batch => Fitting(batch, item.From, item.To, buffer.Length - filled, out frames),
                    OutboxHole hole => WriteGap(hole),
                    _ => ((FrameworkWrite)item.Content).Frame,
                };
                if (filled + piece.Length > buffer.Length && filled > 0) break;
                framework = _frameworkInFlight = item.Content is FrameworkWrite;
                _queue.Take(frames - item.From);
                if (piece.Length > buffer.Length)
                {
                    chunk = piece;
                    return true;
                }
                piece.CopyTo(buffer.AsMemory(filled));
                filled += piece.Length;
            }
            chunk = buffer.AsMemory(0, filled);
            return true;
        }
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

    private byte[] WriteGap(OutboxHole hole)
    {
        var message = new Message("system", Payloads.Gap(hole.Room, hole.Missed, hole.From, hole.To));
        return MessageWriter.Write(message, message.Payload, Format);
    }

    /// <summary>Only with _writing owned: a write failed.</summary>
    private void Break(Exception fault)
    {
        EndFrameworkWrite(fault);
        Fail(fault);
        lock (_queue) RestLocked();
        _sink.Abort();
        _owner?.OnBroken();
    }

    private void Fail(Exception fault)
    {
        int dropped;
        lock (_queue)
        {
            _phase = Phase.Closed;
            _gates = 0;
            dropped = _queue.Clear();
            if (!_frameworkInFlight) _framework?.End(new IOException("the connection is gone", fault));
        }
        if (dropped > 0) _owner?.OnDropped(null, dropped);
    }
}
