namespace Gateway.ChaosTests.Clients;

/// <summary>All that one client came to know of one room, in that order, and the position that follows from it.</summary>
internal sealed class RoomLog(string receiver, string room)
{
    private readonly Lock _lock = new();
    private readonly List<Seen> _seen = [];
    private Position? _position;
    private MessageId _last;

    public string Receiver => receiver;
    public string Room => room;

    /// <summary>From where to go on; null before the first join.</summary>
    public Position? Position
    {
        get { lock (_lock) return _position; }
    }

    /// <summary>The message that came last.</summary>
    public MessageId Last
    {
        get { lock (_lock) return _last; }
    }

    public IReadOnlyList<Seen> All
    {
        get { lock (_lock) return [.. _seen]; }
    }

    public RoomLog Add(params IEnumerable<Seen> seen)
    {
        lock (_lock)
        {
            foreach (var one in seen)
            {
                _seen.Add(one);
                _position = After(one);
                if (one is Message message) _last = message.Id;
            }
        }
        return this;
    }

    private Position? After(Seen seen) => seen switch
    {
        JoinResult { Recovered: true } => _position, // what was missed follows, as messages
        JoinResult joined => joined.At,
        Message message => _position! with { Offset = message.Offset },
        Gap gap => _position! with { Offset = gap.To },
        EpochChanged changed => changed.To,
        _ => throw new ArgumentOutOfRangeException(nameof(seen)),
    };
}
