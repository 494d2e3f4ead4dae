using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Delivers one room's messages from Redis to the fan-out: each once, in the order of their offsets. Messages that the subscription missed
/// are read from the room's history before anything newer is delivered. If the history does not have them either, the members get a gap
/// event.
/// </summary>
internal sealed class RoomSubscription(
    string room, Retention retention, RoomStore store, IBackplaneReceiver receiver, SubscriptionEvents events, SupervisedLoop loop,
    IncomingQueue incoming, TimeProvider time)
{
    private const int PageMessages = 64;

    /// <summary>How many messages may wait while the history is read. Messages beyond it are read from the history too.</summary>
    private const int MaxPending = 4096;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly Queue<PendingMessage> _pending = [];
    private long _received;
    private Position _last = Position.None;
    private long _requiredOffset;
    private bool _isFilling;
    private bool _isClosed;

    // Used only by the task that fills gaps.
    private Backoff _backoff;
    private int _attemptsWithoutProgress;

    /// <summary>The last position that was delivered, or skipped as lost.</summary>
    public Position Last
    {
        get { lock (_lock) return _last; }
    }

    /// <summary>Starts delivery: the subscription is active, and messages after this position follow.</summary>
    public void Start(Position head)
    {
        lock (_lock)
        {
            _last = head;
            while (_pending.TryPeek(out var next) && TryDeliverLocked(next.Position, next.Audience, next.Message)) _pending.Dequeue();
            if (_pending.Count > 0) StartFillingLocked();
        }
    }

    public void OnMessage(Audience audience, Message message, Position position)
    {
        lock (_lock)
        {
            if (_isClosed) return;
            if (!_last.IsNone && !_isFilling && TryDeliverLocked(position, audience, message)) return;
            if (_pending.Count < MaxPending) _pending.Enqueue(new PendingMessage(++_received, position, audience, message));
            if (!_last.IsNone && !_isFilling) StartFillingLocked();
        }
    }

    /// <summary>
    /// Compares the room's position with what was delivered. Call it when the room's position has been read and all that the server sent
    /// before has been handled.
    /// </summary>
    /// <param name="before"><see cref="Last"/> before the position was read.</param>
    /// <param name="head">The room's position.</param>
    // after waiting messages
    public void CheckPosition(Position before, Position head) => incoming.Enqueue(() => CheckPositionNow(before, head));

    private void CheckPositionNow(Position before, Position head)
    {
        lock (_lock)
        {
            if (_isClosed || _last.IsNone || before.IsNone || before.Epoch != _last.Epoch) return;
            var isReset = head.Epoch != before.Epoch || head.Offset < before.Offset;
            if (!isReset && head.Offset <= _last.Offset) return;
            if (!isReset) _requiredOffset = Math.Max(_requiredOffset, head.Offset);
            if (!_isFilling) StartFillingLocked();
        }
    }

    public void Close()
    {
        lock (_lock) _isClosed = true;
    }

    /// <returns>False if an earlier message is missing.</returns>
    private bool TryDeliverLocked(Position position, Audience audience, Message message)
    {
        if (position.Epoch != _last.Epoch || position.Offset > _last.Offset + 1) return false;
        if (position.Offset <= _last.Offset) return true; // delivered already
        _last = position;
        receiver.Deliver(audience, message, position);
        return true;
    }

    private void StartFillingLocked()
    {
        _isFilling = true;
        _attemptsWithoutProgress = 0;
        _ = loop.RunAsync(FillAsync, CancellationToken.None); // ends when nothing is missing, or when the subscription is closed
    }

    /// <returns>Whether the history has to be read again.</returns>
    private async Task<bool> FillAsync(CancellationToken cancel)
    {
        Position last;
        long received;
        lock (_lock)
        {
            if (_isClosed) return false;
            (last, received) = (_last, _received);
        }
        try
        {
            var page = await store.ReadAsync(room, new HistoryRange(last.Offset, long.MaxValue, PageMessages), retention);
            var lost = page.Head.Epoch == last.Epoch && page.Head.Offset < last.Offset ? last : Position.None;
            if (lost.IsNone)
                lock (_lock)
                    if (_isClosed || !ApplyLocked(page, received, out lost)) return false;
            if (!lost.IsNone) await store.StartNewEpochAsync(room, lost);
            await receiver.WaitForCapacityAsync();
            // At the pace of healthy clients: what they have yet to receive waits in the history, not in their outboxes.
            await receiver.WaitForRoomCapacityAsync(room);
        }
        catch (BackplaneException)
        {
            await Task.Delay(Pause, time, cancel); // Redis is unavailable
        }
        await BackOffWithoutProgressAsync(last, cancel);
        return true;
    }

    /// <summary>
    /// One more read without progress is normal, because new messages arrive. After several, pause, so as not to keep Redis busy.
    /// </summary>
    private Task BackOffWithoutProgressAsync(Position before, CancellationToken cancel)
    {
        if (Last != before)
        {
            _attemptsWithoutProgress = 0;
            _backoff.Reset();
            return Task.CompletedTask;
        }
        return ++_attemptsWithoutProgress > 2 ? Task.Delay(_backoff.Next(), time, cancel) : Task.CompletedTask;
    }

    /// <summary>Delivers the messages of the page and of the subscription, up to the first message that is in neither.</summary>
    /// <param name="page">A page of the history.</param>
    /// <param name="received">The number of the newest message that had arrived when the page was requested.</param>
    /// <param name="lost">The position of a message that the room has not reached: it is forged, or Redis has lost data.</param>
    /// <returns>Whether the history has to be read again. If not, the subscription continues.</returns>
    private bool ApplyLocked(HistoryPage page, long received, out Position lost)
    {
        lost = Position.None;
        if (page.Head.Epoch != _last.Epoch)
        {
            StartNewEpochLocked(page.Head.Epoch);
            return true;
        }
        foreach (var message in page.Messages)
        {
            if (message.Offset > _last.Offset + 1) SkipLocked(message.Offset - 1);
            if (message.Offset == _last.Offset + 1) events.CountFilled();
            TryDeliverLocked(_last with { Offset = message.Offset }, message.Audience, message.Message);
        }
        if (page.HasMore) return true;
        var before = _last.Offset;
        while (_pending.TryPeek(out var next))
        {
            if (_last.Offset - before >= PageMessages) return true; // in steps, as from the history
            if (!TryDeliverLocked(next.Position, next.Audience, next.Message))
            {
                var isNewer = next.Number > received; // it arrived after the page was requested
                if (next.Position.Epoch == _last.Epoch && next.Position.Offset <= page.Head.Offset)
                {
                    SkipLocked(next.Position.Offset - 1);
                    continue;
                }
                if (isNewer) return true; // the next read shows more of this epoch, or a new one
                if (next.Position.Epoch == _last.Epoch)
                {
                    lost = next.Position;
                    return true;
                }
            }
            _pending.Dequeue();
        }
        var target = Math.Min(_requiredOffset, page.Head.Offset);
        if (_last.Offset < target) SkipLocked(target);
        _isFilling = false;
        return false;
    }

    /// <summary>Skips lost messages up to this offset and tells the members.</summary>
    private void SkipLocked(long offset)
    {
        var (from, missed) = (_last.Offset + 1, offset - _last.Offset);
        events.ReportLost(room, missed, from, offset);
        _last = _last with { Offset = offset };
        TellLocked(Payloads.Gap(room, missed, from, offset));
    }

    /// <summary>
    /// Starts a new epoch after Redis has lost its data: the rest of the old epoch is lost, the new one is read from its beginning.
    /// </summary>
    private void StartNewEpochLocked(string epoch)
    {
        var from = _last.Offset + 1;
        events.ReportNewEpoch(room, _last.Epoch, from, epoch);
        _last = new Position(epoch, 0);
        _requiredOffset = 0;
        var kept = _pending.Where(m => m.Position.Epoch == epoch).ToList();
        _pending.Clear();
        foreach (var message in kept) _pending.Enqueue(message);
        TellLocked(RoomPayloads.EpochChanged(room, from, _last));
    }

    private void TellLocked(byte[] payload) =>
        receiver.Deliver(Audience.Room(room), new Message("system", payload) { IsSystem = true }, _last);

    /// <param name="Number">The number of the message among those that had to wait.</param>
    /// <param name="Position">Its position.</param>
    /// <param name="Audience">Its audience.</param>
    /// <param name="Message">The message.</param>
    private readonly record struct PendingMessage(long Number, Position Position, Audience Audience, Message Message);
}
