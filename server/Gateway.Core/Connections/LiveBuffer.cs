using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>
/// Takes a room's live batches while a member recovers from the room's history. While the member is far behind, they are discarded, because
/// the history has them. For the last step they are buffered, so that the member changes from the history to the live stream without gap or
/// duplicate.
/// </summary>
internal sealed class LiveBuffer
{
    private readonly Outbox _outbox;
    private readonly OutboxLimits _limits;

    // The list is the lock for itself and for what follows.
    private readonly List<(FrameBatch Batch, string Epoch)> _batches = [];
    private State _state;
    private int _messages;
    private long _bytes;
    private Position _reached;

    /// <param name="outbox">The outbox of the member.</param>
    /// <param name="buffers">Whether to buffer at once; otherwise live batches are discarded until <see cref="StartBuffering"/>.</param>
    public LiveBuffer(Outbox outbox, bool buffers)
    {
        _outbox = outbox;
        // Half of the outbox, so that the buffer fits beside a page of history.
        _limits = new OutboxLimits(Math.Max(1, outbox.Limits.Messages / 2), Math.Max(1, outbox.Limits.Bytes / 2));
        _state = buffers ? State.Buffering : State.Discarding;
    }

    private enum State : byte
    {
        Discarding,
        Buffering,
        Released,
    }

    /// <summary>
    /// Buffers or discards a live batch. After the release it removes only the messages that the member already has from the history.
    /// </summary>
    /// <param name="batch">In: the live batch. Out: the rest, for the caller to post; <c>null</c> for nothing.</param>
    /// <param name="epoch">The epoch of the messages; empty for messages without an offset, which no history has.</param>
    /// <returns>Whether the member has caught up with the live stream, and the buffer is no longer needed.</returns>
    public bool Take(ref FrameBatch? batch, string epoch)
    {
        lock (_batches)
        {
            if (_state == State.Released) return TakeWhenReleasedLocked(ref batch, epoch);
            if (_state == State.Buffering && !TryBufferLocked(batch!, epoch)) DiscardLocked();
            if (_state == State.Buffering || epoch.Length > 0) batch = null;
            return false;
        }
    }

    /// <summary>Buffers live batches from now on.</summary>
    public void StartBuffering()
    {
        lock (_batches) _state = State.Buffering;
    }

    /// <summary>Discards the buffered batches, and live batches from now on.</summary>
    public void Discard()
    {
        lock (_batches) DiscardLocked();
    }

    /// <summary>
    /// Posts the buffered batches after <paramref name="reached"/>, and lets newer ones through. Returns <c>false</c> if the buffer or the
    /// outbox has overflowed. The member then continues from the history, after <paramref name="reached"/>.
    /// </summary>
    public bool TryRelease(ref Position reached)
    {
        lock (_batches)
        {
            if (_state == State.Discarding) return false;
            foreach (var (batch, epoch) in _batches)
            {
                if (After(batch, epoch, reached) is not { } rest) continue;
                if (!_outbox.TryPost(rest, out _))
                {
                    DiscardLocked();
                    return false;
                }
                if (epoch.Length > 0) reached = new Position(epoch, rest.OffsetOf(rest.Count - 1));
            }
            _batches.Clear();
            _state = State.Released;
            _reached = reached;
            return true;
        }
    }

    private bool TakeWhenReleasedLocked(ref FrameBatch? batch, string epoch)
    {
        if (epoch.Length == 0) return false;
        var whole = batch!;
        batch = After(whole, epoch, _reached);
        return ReferenceEquals(batch, whole);
    }

    private bool TryBufferLocked(FrameBatch batch, string epoch)
    {
        if (_messages + batch.Count > _limits.Messages || _bytes + batch.Bytes.Length > _limits.Bytes) return false;
        _messages += batch.Count;
        _bytes += batch.Bytes.Length;
        _batches.Add((batch, epoch));
        return true;
    }

    /// <summary>Returns the part of a batch after a position, or <c>null</c>. A batch of another epoch is newer as a whole.</summary>
    private static FrameBatch? After(FrameBatch batch, string epoch, Position reached)
    {
        if (epoch != reached.Epoch) return batch;
        var first = 0;
        while (first < batch.Count && batch.OffsetOf(first) <= reached.Offset) first++;
        return first == 0 ? batch : first == batch.Count ? null : batch.From(first);
    }

    /// <summary>
    /// Drops the buffered batches, because the history has them. It posts messages without an offset, which the history does not have.
    /// </summary>
    private void DiscardLocked()
    {
        foreach (var (batch, epoch) in _batches)
            if (epoch.Length == 0)
                _outbox.Post(batch);
        _batches.Clear();
        (_messages, _bytes, _state) = (0, 0, State.Discarding);
    }
}
