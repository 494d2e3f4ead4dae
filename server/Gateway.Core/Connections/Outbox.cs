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

    // There are many outboxes, so the queue is the lock too, for itself and for what follows. While the outbox is open and no gate is closed: not
    // _writing means that the queue is empty.
    private readonly OutboxQueue _queue;
    private FrameworkWrite? _framework;
    private Phase _phase = Phase.Open;
    private int _gates;
    private bool _writing;
    private bool _frameworkInFlight;
    private int _aborting;
    private TaskCompletionSource? _stopped;
    private long _closingSince;

    // The framework writes one frame at a time.
    private FrameworkFragments _fragments;

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

    /// <summary>
    /// Writes a frame of the framework's in its turn; completes when it is out, or at once if it is a fragment that waits for the last one.
    /// Its bytes must stay as they are until then.
    /// </summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> frame)
    {
        if (!_fragments.TryComplete(ref frame)) return default;
        ValueTask written = default;
        bool queued;
        var heldBack = 0;
        lock (_queue)
        {
            if (_phase != Phase.Open) return default; // RFC 6455 section 5.5.1: nothing follows a close frame
            if (WebSocketFrame.IsClose(frame.Span)) heldBack = EnterClosingLocked();
            queued = _writing;
            if (queued)
            {
                _framework ??= new FrameworkWrite();
                written = _framework.Begin(frame);
                _queue.AddLast(_framework, 1);
            }
            _writing = true; // gates hold back what was posted, not the handshake that opens them
        }
        if (heldBack > 0) _owner?.OnDropped(null, heldBack);
        return queued ? written : WriteThroughAsync(frame);
    }

    /// <summary>
    /// Says goodbye after what waits, or instead of it, and accepts nothing more. The first call decides. What a gate holds back is discarded
    /// in any case: whoever was not welcomed hears nothing but the goodbye.
    /// </summary>
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
        if (dropped > 0) _owner?.OnDropped(null, dropped);
        _owner?.OnClosing(reason);
    }

    /// <summary>The connection is over: what waits is forgotten, and nothing more is written.</summary>
    public void Abort()
    {
        Fail(new IOException("the connection was aborted"));
        lock (_queue)
        {
            if (_stopped is { Task.IsCompleted: true }) return; // the stream below may be disposed by now
            _aborting++;
        }
        try
        {
            _sink.Abort();
        }
        finally
        {
            lock (_queue)
            {
                _aborting--;
                SettleLocked();
            }
        }
    }

    /// <summary>
    /// The client is gone or has said goodbye: forgets what waits, lets a goodbye of ours that is on its way go out, and completes when
    /// the sink is not being used any more and never will be again, so that the stream below may be disposed.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        Fail(new IOException("the connection ended"), sparesGoodbye: true);
        Task stopped;
        lock (_queue)
        {
            _stopped ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            SettleLocked();
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

    /// <returns>How many waiting frames were discarded: those that a gate holds back, as it will not open any more.</returns>
    private int EnterClosingLocked()
    {
        _phase = Phase.Closing;
        Volatile.Write(ref _closingSince, _time.GetTimestamp());
        if (_gates == 0) return 0;
        _gates = 0;
        return DiscardLocked(null);
    }

    /// <returns>How many waiting frames were discarded.</returns>
    private int BeginCloseLocked(CloseReason reason, bool discardQueue)
    {
        var dropped = EnterClosingLocked();
        if (discardQueue) dropped += DiscardLocked(null);
        _queue.AddLast(new FrameBatch(CloseWriter.Write(reason, Format)), 1);
        return dropped;
    }

    /// <param name="fault">What the framework hears of its frame, if that was waiting; <c>null</c>: nobody will miss it, a goodbye takes its place.</param>
    private int DiscardLocked(Exception? fault)
    {
        if (!_frameworkInFlight) _framework?.End(fault);
        return _queue.Clear();
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
        lock (_queue)
        {
            if (_gates == 0 && !_queue.IsEmpty) return false;
            if (_phase != Phase.Closing)
            {
                RestLocked();
                return true;
            }
            _phase = Phase.Closed; // the goodbye is out
        }
        _sink.Complete();
        lock (_queue) RestLocked();
        return true;
    }

    private void RestLocked()
    {
        _writing = false;
        SettleLocked();
    }

    /// <summary>Tells <see cref="StopAsync"/> if the sink is not being used.</summary>
    private void SettleLocked()
    {
        if (!_writing && _aborting == 0) _stopped?.TrySetResult();
    }

    /// <summary>Fills the buffer with what waits, or points at one large piece. False: nothing is left, and _writing is given up.</summary>
    private bool TryTake(byte[] buffer, out ReadOnlyMemory<byte> chunk, out bool framework)
    {
        chunk = default;
        framework = false;
        while (!TryRest())
        {
            lock (_queue)
            {
                if (_queue.IsEmpty) continue; // the connection was aborted just now
                chunk = TakeLocked(buffer, out framework);
                return true;
            }
        }
        return false;
    }

    private ReadOnlyMemory<byte> TakeLocked(byte[] buffer, out bool framework)
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
                OutboxHole hole => WriteGap(hole),
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

    private byte[] WriteGap(OutboxHole hole)
    {
        var message = new Message("system", Payloads.Gap(hole.Room, hole.Missed, hole.From, hole.To));
        return MessageWriter.Write(message, message.Payload, Format);
    }

    /// <summary>Only with _writing owned, which it gives up last: until then <see cref="StopAsync"/> waits. A write failed.</summary>
    private void Break(Exception fault)
    {
        EndFrameworkWrite(fault);
        Fail(fault);
        _sink.Abort();
        _owner?.OnBroken();
        lock (_queue) RestLocked();
    }

    private void Fail(Exception fault, bool sparesGoodbye = false)
    {
        int dropped;
        lock (_queue)
        {
            if (sparesGoodbye && _phase != Phase.Open) return;
            _phase = Phase.Closed;
            _gates = 0;
            dropped = DiscardLocked(new IOException("the connection is gone", fault));
        }
        if (dropped > 0) _owner?.OnDropped(null, dropped);
    }
}
