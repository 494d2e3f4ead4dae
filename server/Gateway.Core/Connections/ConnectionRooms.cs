namespace Gateway.Core.Connections;

/// <summary>The names of the rooms that one connection is in, each with its membership there.</summary>
internal sealed class ConnectionRooms
{
    private readonly List<(string Room, Membership Membership)> _rooms = [];
    private bool _closed;

    public int Count
    {
        get { lock (_rooms) return _rooms.Count; }
    }

    public bool Contains(string room)
    {
        lock (_rooms) return IndexOfLocked(room) >= 0;
    }

    public Membership? Find(string room)
    {
        lock (_rooms) return IndexOfLocked(room) is >= 0 and var index ? _rooms[index].Membership : null;
    }

    /// <summary>Is the connection (still) in the room by this membership?</summary>
    public bool Contains(string room, Membership membership)
    {
        lock (_rooms) return IndexOfLocked(room) is >= 0 and var index && _rooms[index].Membership == membership;
    }

    /// <summary>Notes a room. Says why not, if it is there already, there are <paramref name="max"/>, or the connection is over.</summary>
    public AddRoomResult TryAdd(string room, Membership membership, int max)
    {
        lock (_rooms)
        {
            if (_closed) return AddRoomResult.ConnectionClosed;
            if (IndexOfLocked(room) >= 0) return AddRoomResult.AlreadyIn;
            if (_rooms.Count >= max) return AddRoomResult.TooMany;
            _rooms.Add((room, membership));
            return AddRoomResult.Added;
        }
    }

    /// <param name="only">If given: not if the connection is in the room by another membership by now.</param>
    public Membership? Remove(string room, Membership? only = null)
    {
        lock (_rooms)
        {
            var index = IndexOfLocked(room);
            if (index < 0 || (only != null && _rooms[index].Membership != only)) return null;
            var membership = _rooms[index].Membership;
            _rooms.RemoveAt(index);
            return membership;
        }
    }

    public string[] Names()
    {
        lock (_rooms) return [.. _rooms.Select(r => r.Room)];
    }

    /// <summary>The connection is over: no room can be added any more. Returns those it was in.</summary>
    public string[] Close()
    {
        lock (_rooms)
        {
            _closed = true;
            return Names();
        }
    }

    private int IndexOfLocked(string room)
    {
        for (var i = 0; i < _rooms.Count; i++)
            if (_rooms[i].Room == room)
                return i;
        return -1;
    }
}

internal enum AddRoomResult
{
    Added,
    AlreadyIn,
    TooMany,
    ConnectionClosed,
}
