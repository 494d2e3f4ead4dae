namespace Gateway.Core.Connections;

/// <summary>The rooms that a connection is in, with its membership in each. Thread-safe.</summary>
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

    /// <summary>Returns whether the connection is in the room with this membership.</summary>
    public bool Contains(string room, Membership membership)
    {
        lock (_rooms) return IndexOfLocked(room) is >= 0 and var index && _rooms[index].Membership == membership;
    }

    /// <summary>
    /// Adds a room, unless it is there already, there are <paramref name="max"/> rooms, or the connection has been closed.
    /// </summary>
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

    /// <summary>Removes a room. Returns its membership, or <c>null</c> if it was not removed.</summary>
    /// <param name="room">The room.</param>
    /// <param name="only">If given, the room is removed only if its membership is this one.</param>
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

    /// <summary>Closes the set, so that no room can be added. Returns the rooms.</summary>
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

/// <summary>The result of <see cref="ConnectionRooms.TryAdd"/>.</summary>
internal enum AddRoomResult
{
    Added,
    AlreadyIn,
    TooMany,
    ConnectionClosed,
}
