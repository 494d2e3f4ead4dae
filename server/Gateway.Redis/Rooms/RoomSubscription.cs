using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.Redis.Rooms;

/// <summary>
/// One room's messages on their way from Redis to the fan-out: each once, in the order of their offsets. What the subscription did not bring is read from the room's past
/// before anything newer is delivered; what is not to be had there either, the members are told of.
/// </summary>
internal sealed class RoomSubscription(string room, Retention retention, RoomStore store, IBackplaneReceiver receiver, SubscriptionEvents events, SupervisedLoop loop,
    IncomingQueue incoming, TimeProvider time)
{
    private const int PageMessages = 64;

    /// <summary>More than this is not kept waiting while the past is being read: it will be read from there, too.</summary>
    private const int MaxAhead = 4096;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly Queue<Ahead> _ahead = [];
    private long _arrivals;
    private Position _last = Position.None;
    private long _mustReach;
    private bool _filling;
    private bool _closed;

    // Used only by the one run that fills.
    private Backoff _backoff;
    private int _stuck;

    /// <summary>The last message that went to the fan-out, or was given up.</summary>
    public Position Last
    {
        get { lock (_lock) return _last; }
    }

    /// <summary>The subscription stands; messages come after this place.</summary>
    public void Begin(Position head)
    {
        lock (_lock)
        {
            _last = head;
            while (_ahead.TryPeek(out var next) && TryDeliverLocked(next.Position, next.Audience, next.Message)) _ahead.Dequeue();
            if (_ahead.Count > 0) FillLocked();
        }
    }

    public void OnMessage(Audience audience, Message message, Position position)
    {
        lock (_lock)
        {
            if (_closed) return;
            if (!_last.IsNone && !_filling && TryDeliverLocked(position, audience, message)) return;
            if (_ahead.Count < MaxAhead) _ahead.Enqueue(new Ahead(++_arrivals, position, audience, message));
            if (!_last.IsNone && !_filling) FillLocked();
        }
    }

    /// <summary>The room's position was looked up, and all that the server had sent until then has been handed on.</summary>
    /// <param name="before"><see cref="Last"/>, before the position was looked up.</param>
    public void Check(Position before, Position head) => incoming.Run(() => CheckNow(before, head)); // behind what waits there

    private void CheckNow(Position before, Position head)
    {
        lock (_lock)
        {
            if (_closed || _last.IsNone || before.IsNone || before.Epoch != _last.Epoch) return;
            var wentBack = head.Epoch != before.Epoch || head.Offset < before.Offset;
            if (!wentBack && head.Offset <= _last.Offset) return;
            if (!wentBack) _mustReach = Math.Max(_mustReach, head.Offset);
            if (!_filling) FillLocked();
        }
    }

    public void Close()
    {
        lock (_lock) _closed = true;
    }

    /// <returns>False if something is missing before it.</returns>
    private bool TryDeliverLocked(Position position, Audience audience, Message message)
    {
        if (position.Epoch != _last.Epoch || position.Offset > _last.Offset + 1) return false;
        if (position.Offset <= _last.Offset) return true; // known already
        _last = position;
        receiver.Deliver(audience, message, position);
        return true;
    }

    private void FillLocked()
    {
        _filling = true;
        _stuck = 0;
        _ = loop.RunAsync(FillAsync, CancellationToken.None); // ends when nothing is missing, or when the feed is closed
    }

    /// <returns>Whether the past has to be read again.</returns>
    private async Task<bool> FillAsync(CancellationToken cancel)
    {
        Position last;
        long arrivals;
        lock (_lock)
        {
            if (_closed) return false;
            (last, arrivals) = (_last, _arrivals);
        }
        try
        {
            var page = await store.ReadAsync(room, new HistoryRange(last.Offset, long.MaxValue, PageMessages), retention);
            var lost = page.Head.Epoch == last.Epoch && page.Head.Offset < last.Offset ? last : Position.None;
            if (lost.IsNone)
                lock (_lock)
                    if (_closed || !IsBehindLocked(page, arrivals, out lost)) return false;
            if (!lost.IsNone) await store.RenewAsync(room, lost);
            await receiver.WaitForCapacityAsync();
            await receiver.WaitForRoomCapacityAsync(room); // at the pace of healthy clients: what they are still to get waits in the history, not in their outboxes
        }
        catch (BackplaneException)
        {
            await Task.Delay(Pause, time, cancel); // Redis is away; members wait with us
        }
        await PauseIfStuckAsync(last, cancel);
        return true;
    }

    /// <summary>Reading once more without having come further is normal: something came meanwhile. Again and again is not, and must not keep Redis busy.</summary>
    private Task PauseIfStuckAsync(Position before, CancellationToken cancel)
    {
        if (Last != before)
        {
            _stuck = 0;
            _backoff.Reset();
            return Task.CompletedTask;
        }
        return ++_stuck > 2 ? Task.Delay(_backoff.Next(), time, cancel) : Task.CompletedTask;
    }

    /// <summary>Delivers what the page and the subscription have brought, up to the first thing that is in neither.</summary>
    /// <param name="arrivals">The newest message that had come when the page was asked for.</param>
    /// <param name="lost">A position that a message has had, and that the room has not reached: it is forged, or Redis has lost data.</param>
    /// <returns>Whether the past has to be read again. If not, the subscription goes on.</returns>
    private bool IsBehindLocked(HistoryPage page, long arrivals, out Position lost)
    {
        lost = Position.None;
        if (page.Head.Epoch != _last.Epoch)
        {
            BeginAnewLocked(page.Head.Epoch);
            return true;
        }
        foreach (var past in page.Messages)
        {
            if (past.Offset > _last.Offset + 1) GiveUpLocked(past.Offset - 1);
            if (past.Offset == _last.Offset + 1) events.CountFilled();
            TryDeliverLocked(_last with { Offset = past.Offset }, past.Audience, past.Message);
        }
        if (page.HasMore) return true;
        var before = _last.Offset;
        while (_ahead.TryPeek(out var next))
        {
            if (_last.Offset - before >= PageMessages) return true; // a step at a time, as from the past
            if (!TryDeliverLocked(next.Position, next.Audience, next.Message))
            {
                var isNewer = next.Number > arrivals; // it came after the page was asked for
                if (next.Position.Epoch == _last.Epoch && next.Position.Offset <= page.Head.Offset)
                {
                    GiveUpLocked(next.Position.Offset - 1);
                    continue;
                }
                if (isNewer) return true; // reading again will show more of this epoch, or one that has begun since
                if (next.Position.Epoch == _last.Epoch)
                {
                    lost = next.Position;
                    return true;
                }
            }
            _ahead.Dequeue();
        }
        if (_last.Offset < Math.Min(_mustReach, page.Head.Offset)) GiveUpLocked(Math.Min(_mustReach, page.Head.Offset));
        _filling = false;
        return false;
    }

    /// <summary>What is missing up to here cannot be had any more: the members are told.</summary>
    private void GiveUpLocked(long offset)
    {
        var (from, missed) = (_last.Offset + 1, offset - _last.Offset);
        events.ReportLost(room, missed, from, offset);
        _last = _last with { Offset = offset };
        receiver.Deliver(Audience.Room(room), new Message("system", Payloads.Gap(room, missed, from, offset)), _last);
    }

    /// <summary>Redis has lost the room's data: what the old epoch had after our last message is lost, and the new one is read from its beginning.</summary>
    private void BeginAnewLocked(string epoch)
    {
        var from = _last.Offset + 1;
        events.ReportNewEpoch(room, _last.Epoch, from, epoch);
        _last = new Position(epoch, 0);
        _mustReach = 0;
        var kept = _ahead.Where(a => a.Position.Epoch == epoch).ToList();
        _ahead.Clear();
        foreach (var message in kept) _ahead.Enqueue(message);
        receiver.Deliver(Audience.Room(room), new Message("system", RoomPayloads.EpochChanged(room, from, _last)), _last);
    }

    /// <param name="Number">Counts the messages that had to wait.</param>
    private readonly record struct Ahead(long Number, Position Position, Audience Audience, Message Message);
}
