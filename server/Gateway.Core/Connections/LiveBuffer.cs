using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>
/// A room's live batches for a member that is recovering from the room's history. While the member is far behind they are discarded, as the history has
/// them; for the last step they are held, so that the member goes from the history to the live stream with nothing missing and nothing twice.
/// </summary>
internal sealed class LiveBuffer
{
    private readonly Outbox _outbox;
    private readonly OutboxLimits _limits;

    // Guarded by _held.
    private readonly List<(FrameBatch Batch, string Epoch)> _batches = [];
    private State _state;
    private int _messages;
    private long _bytes;
    private Position _reached;

    /// <param name="buffers">From the start; otherwise live batches are discarded until <see cref="StartBuffering"/>.</param>
    public LiveBuffer(Outbox outbox, bool buffers)
    {
        _outbox = outbox;
        _limits = new OutboxLimits(Math.Max(1, outbox.Limits.Messages / 2), Math.Max(1, outbox.Limits.Bytes / 2)); // what is released fits beside a page of history
        _state = buffers ? State.Buffering : State.Discarding;
    }

    private enum State : byte
    {
        Discarding,
        Buffering,
        Released,
    }

    /// <summary>
    /// Takes a live batch, to be held or discarded. After the release, what the history had already given is still taken off the batches that were on their way
    /// to the member.
    /// </summary>
    /// <param name="batch">What is left of it is for the caller to post; <c>null</c>: nothing.</param>
    /// <param name="epoch">Of the batch's messages; empty for messages without an offset, which no history has.</param>
    /// <returns>Whether the member is level with the live stream, and the buffer is not needed any more.</returns>
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

    /// <summary>Live batches are held from now on.</summary>
    public void StartBuffering()
    {
        lock (_batches) _state = State.Buffering;
    }

    /// <summary>Live batches are discarded from now on, and so are those that are held.</summary>
    public void Discard()
    {
        lock (_batches) DiscardLocked();
    }

    /// <summary>
    /// Posts what was held after <paramref name="reached"/>, and lets everything newer through. False: the buffer has overflowed, or the outbox has; the member has
    /// to go on from the history, after <paramref name="reached"/>.
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

    /// <summary>The part of the batch after a position; <c>null</c> if there is none. A batch of another epoch is newer as a whole.</summary>
    private static FrameBatch? After(FrameBatch batch, string epoch, Position reached)
    {
        if (epoch != reached.Epoch) return batch;
        var first = 0;
        while (first < batch.Count && batch.OffsetOf(first) <= reached.Offset) first++;
        return first == 0 ? batch : first == batch.Count ? null : batch.From(first);
    }

    /// <summary>The history has what was held, except for messages without an offset: those go out now.</summary>
    private void DiscardLocked()
    {
        foreach (var (batch, epoch) in _batches)
            if (epoch.Length == 0)
                _outbox.Post(batch);
        _batches.Clear();
        (_messages, _bytes, _state) = (0, 0, State.Discarding);
    }
}
