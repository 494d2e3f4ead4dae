using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// The queue of frames for one connection, and the only writer to it. Posting never waits for the client. At most one write is running at
/// any time. Its caller (a poster, or the drain loop after it) writes until the queue is empty.
/// </summary>
internal sealed partial class Outbox
{
    private readonly IFrameSink _sink;
    private readonly TimeProvider _time;

    // To save memory, the queue is also the lock, for itself and for what follows. While the outbox is open and not corked, the queue is
    // empty
    // unless _writing is set.
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

    // Written only by the owner of _writing.
    private long _waitingSince;

    private IOutboxOwner? _owner;

    /// <param name="sink">Writes to the client.</param>
    /// <param name="limits">How much may wait.</param>
    /// <param name="corks">How many times <see cref="Uncork"/> must be called before posted frames are written.</param>
    /// <param name="time">The clock.</param>
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

        /// <summary>The close frame is queued or being written. Nothing else is accepted.</summary>
        Closing,
        Closed,
    }

    /// <summary>The result of accepting a batch. An overflow has begun to close the connection.</summary>
    private enum PostResult : byte
    {
        Refused,
        WriteNow,
        Queued,
        Overflow,
        OverflowWhileIdle,

        /// <summary>The batch did not fit, and the caller does not want the connection to be closed.</summary>
        Full,
    }

    public FrameFormat Format => _sink.Format;

    /// <summary>The number of waiting messages.</summary>
    public int Depth
    {
        get { lock (_queue) return _queue.Messages; }
    }

    public OutboxLimits Limits => _queue.Limits;

    /// <summary>Whether at most a quarter of the limits is used.</summary>
    public bool IsMostlyEmpty
    {
        get { lock (_queue) return _queue.Messages <= Limits.Messages / 4 && _queue.Bytes <= Limits.Bytes / 4; }
    }

    public bool IsOpen
    {
        get { lock (_queue) return _phase == Phase.Open; }
    }

    /// <summary>Whether the close frame has been written, or the connection has ended. Nothing is written any more.</summary>
    public bool IsClosed
    {
        get { lock (_queue) return _phase == Phase.Closed; }
    }

    internal IOutboxOwner? Owner => _owner;

    internal void Attach(IOutboxOwner owner) => _owner = owner;

    /// <summary>
    /// Removes one cork; posted frames are written when the last one is removed. <paramref name="first"/> is written before them.
    /// </summary>
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

    /// <summary>Posts frames, and returns how many were accepted. A full outbox follows the batch's policy.</summary>
    public int Post(FrameBatch batch)
    {
        Post(batch, closesWhenFull: true, out var taken);
        return taken;
    }

    /// <summary>
    /// Posts frames that the history has too. Returns <c>false</c> if the outbox is full and the policy is <c>disconnect</c>; nothing is
    /// closed.
    /// </summary>
    /// <param name="batch">The frames.</param>
    /// <param name="accepted">The number of accepted frames.</param>
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
    /// Writes a frame of the framework (without a WebSocket: records) in its turn. Completes when it is written, or at once if it is a
    /// fragment that waits for the last one. The bytes must not change until then.
    /// </summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> frame)
    {
        var isWebSocket = Format != FrameFormat.SignalRRecord;
        if (isWebSocket && !_fragments.TryComplete(ref frame)) return default;
        ValueTask written = default;
        bool queued;
        var discarded = 0;
        lock (_queue)
        {
            if (_phase != Phase.Open) return default; // RFC 6455 section 5.5.1: nothing follows a close frame
            if (isWebSocket && WebSocketFrame.IsClose(frame.Span)) discarded = EnterClosingLocked();
            queued = _writing;
            if (queued)
            {
                _framework ??= new FrameworkWrite();
                written = _framework.Begin(frame);
                _queue.AddLast(_framework, 1);
            }
            _writing = true; // corks stop posted frames, not the handshake that removes them
        }
        if (discarded > 0) _owner?.OnDropped(null, discarded);
        return queued ? written : WriteThroughAsync(frame);
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
}
