using Gateway.ChaosTests.Clients;

namespace Gateway.ChaosTests.Judging;

/// <summary>
/// Goes with one client through one room, step by step: every offset has to come once and in order, or to be told as missing in its place,
/// and only what is missing may be told.
/// </summary>
internal sealed class Walk
{
    private readonly List<(Position At, MessageId Id)> _received = [];
    private readonly List<Missing> _missing = [];
    private readonly HashSet<Position> _places = [];
    private Position? _at;

    public Walk(RoomLog log)
    {
        Room = log.Room;
        Findings = new Findings($"{log.Receiver} in {log.Room}");
        foreach (var seen in log.All) Step(seen);
        LookAtSenders();
    }

    public string Room { get; }
    public Findings Findings { get; }
    public IReadOnlyList<(Position At, MessageId Id)> Received => _received;
    public IReadOnlyList<Missing> Missing => _missing;

    /// <summary>Where it ends.</summary>
    public Position? At => _at;
    public int EpochChanges { get; private set; }
    public int Gaps { get; private set; }
    public int Resumed { get; private set; }
    public IDictionary<string, int> NotRecovered { get; } = new Dictionary<string, int>();

    private void Step(Seen seen)
    {
        switch (seen)
        {
            case JoinResult { Since: null } first:
                if (_at != null) Wrong("joined without a position after it had one");
                _missing.Add(new Missing(first.At.Epoch, 1, first.At.Offset, WasTold: false));
                _at = first.At;
                break;
            case JoinResult resumed when resumed.Recovered:
                Resume(resumed);
                break;
            case JoinResult anew:
                if (_at!.Offset - anew.Since!.Offset != anew.Replayed)
                    Wrong($"not recovered from {anew.Since}, with {anew.Replayed} messages, and stands at {_at}");
                NotRecovered[anew.Reason ?? "no reason"] = NotRecovered.TryGetValue(anew.Reason ?? "no reason", out var count)
                    ? count + 1
                    : 1;
                GoOn(_at.Offset + 1, anew.At, $"not recovered ({anew.Reason})");
                break;
            case Gap gap:
                Gaps++;
                if (gap.Missed != gap.To - gap.From + 1) Wrong($"gap {gap.From} to {gap.To} with missed {gap.Missed}");
                GoOn(gap.From, _at! with { Offset = gap.To }, "gap");
                break;
            case EpochChanged changed:
                if (changed.To.Epoch == _at!.Epoch) Wrong($"epoch changed from {_at.Epoch} to itself");
                GoOn(changed.From, changed.To, "epoch changed");
                break;
            case Message message:
                Receive(message);
                break;
        }
    }

    private void Resume(JoinResult resumed)
    {
        Resumed++;
        if (resumed.At.Epoch != _at!.Epoch || resumed.At.Offset - _at.Offset != resumed.Replayed)
            Wrong($"recovered from {_at} to {resumed.At} with {resumed.Replayed} messages");
    }

    /// <summary>What is told as missing has to begin where the client stands.</summary>
    private void GoOn(long from, Position to, string why)
    {
        if (from > _at!.Offset + 1) Lose(_at.Offset + 1, from - 1);
        else if (from <= _at.Offset) Wrong($"{why} from {from} after {_at} had come");
        if (to.Epoch == _at.Epoch)
        {
            if (to.Offset < from) Wrong($"{why} from {from} to {to.Offset} in {_at.Epoch}: nothing is missing");
            else _missing.Add(new Missing(_at.Epoch, from, to.Offset));
        }
        else
        {
            EpochChanges++;
            _missing.Add(new Missing(_at.Epoch, from, null));
            if (to.Offset > 0) _missing.Add(new Missing(to.Epoch, 1, to.Offset));
        }
        _at = to;
    }

    private void Receive(Message message)
    {
        var place = new Position(_at!.Epoch, message.Offset);
        _received.Add((place, message.Id));
        if (!_places.Add(place)) Findings.Add(Verdict.Duplicated, $"{place} ({message.Id})");
        else if (message.Offset <= _at.Offset) Findings.Add(Verdict.OutOfOrder, $"{place} ({message.Id}) after {_at.Offset}");
        else if (message.Offset > _at.Offset + 1) Lose(_at.Offset + 1, message.Offset - 1);
        if (message.Offset > _at.Offset) _at = place;
    }

    /// <summary>Whoever sends the next when the one before is acknowledged is heard in that order.</summary>
    private void LookAtSenders()
    {
        var last = new Dictionary<string, int>();
        foreach (var (at, id) in _received)
        {
            if (last.TryGetValue(id.Sender, out var before) && id.Number < before)
                Findings.Add(Verdict.OutOfOrder, $"{id} at {at} after {id.Sender}-{before}");
            else last[id.Sender] = id.Number;
        }
    }

    private void Lose(long from, long to)
    {
        for (var offset = from; offset <= to; offset++) Findings.Add(Verdict.Lost, $"{_at! with { Offset = offset }}");
    }

    private void Wrong(string what) => Findings.Add(Verdict.Wrong, what);
}
