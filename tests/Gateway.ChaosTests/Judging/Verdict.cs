using Gateway.ChaosTests.Clients;

namespace Gateway.ChaosTests.Judging;

/// <summary>
/// Counted for each receiver: every acknowledged message came once, in the room's order and in its sender's, or was told as missing; and
/// what was told as missing is exactly what is missing.
/// </summary>
internal sealed class Verdict
{
    public const string Lost = "lost";
    public const string Duplicated = "duplicated";
    public const string OutOfOrder = "out of order";
    public const string Wrong = "wrong";

    private readonly List<Walk> _walks;
    private readonly Findings _everywhere = new("everywhere");
    private readonly int _acknowledged;

    public Verdict(IEnumerable<RoomLog> logs, IReadOnlyCollection<Acknowledged> acknowledged, IEnumerable<string>? faults = null)
    {
        _walks = [.. logs.Select(log => new Walk(log))];
        _acknowledged = acknowledged.Count;
        foreach (var fault in faults ?? []) _everywhere.Add(Wrong, fault);
        foreach (var room in _walks.GroupBy(walk => walk.Room))
        {
            var places = PlacesIn(room);
            var acknowledgedHere = acknowledged.Where(a => a.Room == room.Key).ToDictionary(a => a.Id);
            var moved = places.Where(
                p => acknowledgedHere.TryGetValue(p.Key, out var a) && !p.Value.Exists(place => place.Offset == a.Offset));
            foreach (var (id, at) in moved)
                _everywhere.Add(Wrong, $"{id} was acknowledged as {acknowledgedHere[id].Offset} and came as {string.Join(" and ", at)}");
            foreach (var walk in room)
            {
                LookForLost(walk, acknowledgedHere.Values, places);
                LookForDuplicates(walk, acknowledgedHere);
            }
        }
    }

    /// <summary>How many times a receiver was told that an acknowledged message, or an offset, will not come.</summary>
    public long Told { get; private set; }

    /// <summary>
    /// How many times a receiver got a message in two epochs: its first publishing was lost with Redis's memory of it, so the sender had to
    /// send again.
    /// </summary>
    public int Repeated { get; private set; }

    public int EpochChanges => _walks.Sum(walk => walk.EpochChanges);
    public int Gaps => _walks.Sum(walk => walk.Gaps);
    public int Resumed => _walks.Sum(walk => walk.Resumed);
    public bool IsClean => !_everywhere.Any && _walks.TrueForAll(walk => !walk.Findings.Any);

    public int Count(string kind) => _everywhere.Count(kind) + _walks.Sum(walk => walk.Findings.Count(kind));

    /// <summary>How often a join with a position was answered in this way.</summary>
    public int NotRecovered(string reason) => _walks.Sum(walk => walk.NotRecovered.TryGetValue(reason, out var count) ? count : 0);

    /// <summary>Nothing is missing, and nobody was told that something is.</summary>
    public void NothingIsMissing()
    {
        NothingIsUntold();
        Assert.True(
            Told + EpochChanges + Gaps + Repeated == 0,
            $"told as missing: {Told} in {Gaps} gaps and {EpochChanges} changes of epoch\n{this}");
    }

    /// <summary>What is missing was told, to everyone who misses it, and nothing else was.</summary>
    public void NothingIsUntold() => Assert.True(IsClean, ToString());

    public override string ToString() =>
        $"{_walks.Count} receivers' rooms, {_acknowledged} messages acknowledged, {_walks.Sum(w => w.Received.Count)} received, {Resumed} "
        + "resumed, "
        + $"told as missing {Told} ({Gaps} gaps, {EpochChanges} changes of epoch), {Repeated} repeated; "
        + $"{Count(Lost)} lost, {Count(Duplicated)} duplicated, {Count(OutOfOrder)} out of order, {Count(Wrong)} wrong\n"
        + _everywhere + string.Concat(_walks.Select(walk => walk.Findings));

    /// <summary>Where each message was seen by anyone. The same place must hold the same message for all.</summary>
    private Dictionary<MessageId, List<Position>> PlacesIn(IEnumerable<Walk> walks)
    {
        var (messages, places) = (new Dictionary<Position, MessageId>(), new Dictionary<MessageId, List<Position>>());
        foreach (var (at, id) in walks.SelectMany(walk => walk.Received))
        {
            if (!messages.TryAdd(at, id))
            {
                if (messages[at] != id) _everywhere.Add(Wrong, $"{at} is {messages[at]} for one and {id} for another");
                continue;
            }
            if (!places.TryGetValue(id, out var known)) places[id] = known = [];
            known.Add(at);
        }
        return places;
    }

    private void LookForLost(Walk walk, IEnumerable<Acknowledged> acknowledged, Dictionary<MessageId, List<Position>> places)
    {
        var received = walk.Received.Select(r => r.Id).ToHashSet();
        foreach (var sent in acknowledged)
        {
            if (received.Contains(sent.Id)) continue;
            // Its epoch is known if anyone saw it. If nobody did, each must have been told something that it can have been part of.
            var at = places.TryGetValue(sent.Id, out var seen) ? seen.Find(p => p.Offset == sent.Offset) : null;
            var why = walk.Missing.FirstOrDefault(m => at == null ? m.Covers(sent.Offset) : m.Covers(at));
            if (why == null) walk.Findings.Add(Lost, $"{at ?? new Position(walk.At?.Epoch ?? "?", sent.Offset)}");
            else if (why is { WasTold: true, To: null }) Told++;
        }
        Told += walk.Missing.Where(m => m is { WasTold: true, To: not null }).Sum(m => m.To!.Value - m.From + 1);
    }

    private void LookForDuplicates(Walk walk, Dictionary<MessageId, Acknowledged> acknowledged)
    {
        foreach (var twice in walk.Received.GroupBy(r => r.Id).Where(g => g.Count() > 1))
        {
            var places = twice.Select(r => r.At).ToList();
            var isRepeat = places.DistinctBy(p => p.Epoch).Count() == places.Count && acknowledged.TryGetValue(twice.Key, out var a)
                && a.Offset == places[^1].Offset;
            if (isRepeat) Repeated++;
            else walk.Findings.Add(Duplicated, $"{twice.Key} at {string.Join(" and ", places)}");
        }
    }
}
