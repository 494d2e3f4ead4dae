using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// Frames on their way to one connection: the one thing that writes to it. Posting never waits for the client. At most one write is
/// under way at any time, and whoever started it (a poster, or the drain after it) goes on until nothing waits.
/// </summary>
internal sealed partial class Outbox
{
    private readonly IFrameSink _sink;
    private readonly TimeProvider _time;

    // There are many outboxes, so the queue is the lock too, for itself and for what follows. While the outbox is open and no gate is closed: not
    // _writing means that the queue is empty.
    private readonly OutboxQueue _queue;
    private FrameworkWrite? _framework;
    private Phase _phase = Phase.Open;
    private int _corks;
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

    /// <param name="corks">How many times <see cref="Uncork"/> must be called before posted frames go out.</param>
    public Outbox(IFrameSink sink, OutboxLimits limits, int corks, TimeProvider time)
    {
        _sink = sink;
        _queue = new OutboxQueue(limits);
        _corks = corks;
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
    private enum PostResult : byte
    {
        Refused,
        WriteNow,
        Queued,
        Overflow,
        OverflowWhileIdle,

        /// <summary>It did not fit, and the poster wants to hear of it instead of closing the connection.</summary>
        Full,
    }

    public FrameFormat Format => _sink.Format;

    /// <summary>Messages waiting now.</summary>
    public int Depth
    {
        get { lock (_queue) return _queue.Messages; }
    }

    public OutboxLimits Limits => _queue.Limits;

    /// <summary>Nothing, or little, waits: there is room for much more.</summary>
    public bool IsMostlyEmpty
    {
        get { lock (_queue) return _queue.Messages <= Limits.Messages / 4 && _queue.Bytes <= Limits.Bytes / 4; }
    }

    public bool IsOpen
    {
        get { lock (_queue) return _phase == Phase.Open; }
    }

    /// <summary>The goodbye is with the sink, or the connection is over: nothing will be written any more.</summary>
    public bool IsClosed
    {
        get { lock (_queue) return _phase == Phase.Closed; }
    }

    internal IOutboxOwner? Owner => _owner;

    internal void Attach(IOutboxOwner owner) => _owner = owner;

    /// <summary>Opens one of the gates that hold posted frames back; <paramref name="first"/> goes out ahead of what waits.</summary>
    public void Uncork(FrameBatch? first = null)
    {
        lock (_queue)
        {
            if (_phase != Phase.Open) return;
            if (first != null) _queue.AddFirst(first);
            if (_corks > 0) _corks--;
            if (_corks > 0 || _writing || _queue.IsEmpty) return;
            _writing = true;
        }
        StartDrain();
    }

    /// <summary>Posts frames and returns how many were taken. A full outbox follows the batch's policy.</summary>
    public int Post(FrameBatch batch)
    {
        Post(batch, closesWhenFull: true, out var taken);
        return taken;
    }

    /// <summary>Posts frames that are kept elsewhere too. False: the outbox is full under the policy <c>disconnect</c>; nothing was taken and nothing is closed.</summary>
    /// <param name="accepted">How many frames were taken.</param>
    internal bool TryPost(FrameBatch batch, out int accepted) => Post(batch, closesWhenFull: false, out accepted);

    private bool Post(FrameBatch batch, bool closesWhenFull, out int accepted)
    {
        var admission = Accept(batch, closesWhenFull, out accepted, out var dropped);
        switch (admission)
        {
            case PostResult.WriteNow:
                WriteNow(batch.Bytes);
                break;
            case PostResult.Queued when dropped > 0:
                _owner?.OnDropped(batch.Policy, dropped);
                break;
            case PostResult.Overflow or PostResult.OverflowWhileIdle:
                if (admission == PostResult.OverflowWhileIdle) StartDrain();
                _owner?.OnDropped(SlowConsumerPolicy.Disconnect, dropped);
                _owner?.OnClosing(CloseReason.SlowConsumer);
                break;
        }
        return admission != PostResult.Full;
    }

    /// <summary>
    /// Writes a frame (or, where there is no WebSocket, records) of the framework's in its turn; completes when it is out, or at once if it
    /// is a fragment that waits for the last one. Its bytes must stay as they are until then.
    /// </summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> frame)
    {
        var isWebSocket = Format != FrameFormat.SignalRRecord;
        if (isWebSocket && !_fragments.TryComplete(ref frame)) return default;
        ValueTask written = default;
        bool queued;
        var heldBack = 0;
        lock (_queue)
        {
            if (_phase != Phase.Open) return default; // RFC 6455 section 5.5.1: nothing follows a close frame
            if (isWebSocket && WebSocketFrame.IsClose(frame.Span)) heldBack = EnterClosingLocked();
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
                CompleteStopLocked();
            }
        }
    }

    /// <summary>
    /// The client is gone or has said goodbye: forgets what waits, lets a goodbye of ours that is on its way go out, and completes when
    /// the sink is not being used any more and never will be again, so that the stream below may be disposed.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        Fail(new IOException("the connection ended"), keepCloseFrame: true);
        Task stopped;
        lock (_queue)
        {
            _stopped ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            CompleteStopLocked();
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

    private PostResult Accept(FrameBatch batch, bool closesWhenFull, out int accepted, out int dropped)
    {
        accepted = dropped = 0;
        lock (_queue)
        {
            if (_phase != Phase.Open) return PostResult.Refused;
            if (!_writing && _corks == 0)
            {
                _writing = true;
                accepted = batch.Count;
                return PostResult.WriteNow;
            }
            accepted = _queue.Add(batch, out dropped);
            if (accepted >= 0) return PostResult.Queued;
            accepted = 0;
            if (!closesWhenFull) return PostResult.Full;
            dropped = BeginCloseLocked(CloseReason.SlowConsumer, discardQueue: true) + batch.Count;
            if (_writing) return PostResult.Overflow;
            _writing = true;
            return PostResult.OverflowWhileIdle;
        }
    }

    /// <returns>How many waiting frames were discarded: those that a gate holds back, as it will not open any more.</returns>
    private int EnterClosingLocked()
    {
        _phase = Phase.Closing;
        Volatile.Write(ref _closingSince, _time.GetTimestamp());
        if (_corks == 0) return 0;
        _corks = 0;
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

    /// <param name="fault">What the framework hears of its frame, if that was waiting; <c>null</c>: nobody will miss it, a drainer takes its place.</param>
    private int DiscardLocked(Exception? fault)
    {
        if (!_frameworkInFlight) _framework?.End(fault);
        return _queue.Clear();
    }

    private void Fail(Exception fault, bool keepCloseFrame = false)
    {
        int dropped;
        lock (_queue)
        {
            if (keepCloseFrame && _phase != Phase.Open) return;
            _phase = Phase.Closed;
            _corks = 0;
            dropped = DiscardLocked(new IOException("the connection is gone", fault));
        }
        if (dropped > 0) _owner?.OnDropped(null, dropped);
    }
}
