using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.Redis;

/// <summary>
/// One room's messages on their way from Redis to the fan-out: each once, in the order of their offsets. What the subscription did not bring is read from the room's past
/// before anything newer is delivered; what is not to be had there either, the members are told of.
/// </summary>
internal sealed class RoomFeed(string room, Retention retention, RoomStore store, IBackplaneReceiver receiver, FeedEvents events, SupervisedLoop loop,
    TimeProvider time)
{
    private const int PageMessages = 64;

    /// <summary>More than this is not kept waiting while the past is being read: it will be read from there, too.</summary>
    private const int MaxAhead = 4096;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly Queue<(Position Position, Audience Audience, Message Message)> _ahead = [];
    private Position _last = Position.None;
    private long _mustReach;
    private Message? _foreign;
    private bool _filling;
    private bool _closed;

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
            if (_ahead.Count < MaxAhead) _ahead.Enqueue((position, audience, message));
            if (!_last.IsNone && !_filling) FillLocked();
        }
    }

    /// <summary>The room's position was looked up, and all that the server had sent until then has been handed on.</summary>
    /// <param name="before"><see cref="Last"/>, before the position was looked up.</param>
    public void Check(Position before, Position head)
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
        _ = loop.RunAsync(FillAsync, CancellationToken.None); // ends when nothing is missing, or when the feed is closed
    }

    /// <returns>Whether the past has to be read again.</returns>
    private async Task<bool> FillAsync(CancellationToken cancel)
    {
        Position last;
        lock (_lock)
        {
            if (_closed) return false;
            last = _last;
        }
        try
        {
            var page = await store.ReadAsync(room, new HistoryRange(last.Offset, long.MaxValue, PageMessages), retention);
            if (page.Head.Epoch == last.Epoch && page.Head.Offset < last.Offset)
            {
                await store.RenewAsync(room, last);
                return true;
            }
            lock (_lock)
                if (_closed || !IsBehindLocked(page)) return false;
            await receiver.WhenReadyAsync();
        }
        catch (BackplaneException)
        {
            await Task.Delay(Pause, time, cancel); // Redis is away; members wait with us
        }
        return true;
    }

    /// <summary>Delivers what the page and the subscription have brought, up to the first thing that is in neither.</summary>
    /// <returns>Whether the past has to be read again. If not, the subscription goes on.</returns>
    private bool IsBehindLocked(HistoryPage page)
    {
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
        if (page.More) return true;
        while (_ahead.TryPeek(out var next))
        {
            if (!TryDeliverLocked(next.Position, next.Audience, next.Message))
            {
                if (next.Position.Epoch == _last.Epoch)
                {
                    if (next.Position.Offset - 1 > page.Head.Offset) return true; // newer than what was read
                    GiveUpLocked(next.Position.Offset - 1);
                    continue;
                }
                if (_foreign != next.Message)
                {
                    _foreign = next.Message; // of an epoch that has begun since, which reading again will show; or of one that is over
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
}
