using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>
/// A set of connections in shards, one per fan-out worker. Each membership knows its slot, so removal takes constant time. A worker copies
/// its shard, so it does not hold the lock while it posts.
/// </summary>
internal sealed class MemberSet(int shards)
{
    private readonly Lock _lock = new();
    private readonly Shard[] _shards = new Shard[shards];

    private int _count;

    /// <summary>The number of connections in the set.</summary>
    public int Count
    {
        get { lock (_lock) return _count; }
    }

    /// <summary>Adds a connection.</summary>
    /// <param name="membership">The connection's membership.</param>
    /// <param name="position">Read under the lock: the connection gets the messages after this position.</param>
    public void Add(Membership membership, Func<Position>? position = null)
    {
        lock (_lock)
        {
            if (position != null) membership.JoinPosition = position();
            ref var shard = ref _shards[membership.Connection.Shard];
            if (shard.Members == null) shard.Members = new Membership[4];
            else if (shard.Count == shard.Members.Length) Array.Resize(ref shard.Members, shard.Count * 2);
            membership.Slot = shard.Count;
            shard.Members[shard.Count++] = membership;
            _count++;
        }
    }

    public bool Remove(Membership membership)
    {
        lock (_lock)
        {
            if (membership.Slot < 0) return false;
            ref var shard = ref _shards[membership.Connection.Shard];
            var last = shard.Members![--shard.Count];
            shard.Members[membership.Slot] = last;
            last.Slot = membership.Slot;
            shard.Members[shard.Count] = null!;
            membership.Slot = -1;
            if (shard.Count == 0) shard.Members = null;
            _count--;
            return true;
        }
    }

    /// <summary>
    /// Returns whether a shard has members. It takes the lock, because a connection that is just being added has read its position, and
    /// would miss the message for which this is called.
    /// </summary>
    public bool HasMembers(int shard)
    {
        lock (_lock) return _shards[shard].Count > 0;
    }

    /// <summary>Copies the members of a shard, and returns their number.</summary>
    public int Copy(int shard, ref Membership[] destination)
    {
        lock (_lock)
        {
            var (members, count) = (_shards[shard].Members, _shards[shard].Count);
            if (destination.Length < count) destination = new Membership[count + (count / 4)];
            members.AsSpan(0, count).CopyTo(destination);
            return count;
        }
    }

    /// <summary>Returns whether all members meet a condition.</summary>
    public bool All(Func<Membership, bool> condition)
    {
        lock (_lock)
        {
            foreach (var shard in _shards)
                for (var i = 0; i < shard.Count; i++)
                    if (!condition(shard.Members![i]))
                        return false;
            return true;
        }
    }

    /// <summary>Returns all connections in the set.</summary>
    public Connection[] Snapshot()
    {
        lock (_lock)
        {
            var all = new Connection[_count];
            var next = 0;
            foreach (var shard in _shards)
                for (var i = 0; i < shard.Count; i++)
                    all[next++] = shard.Members![i].Connection;
            return all;
        }
    }

    private struct Shard
    {
        public Membership[]? Members;
        public int Count;
    }
}

/// <summary>A connection in one <see cref="MemberSet"/>.</summary>
internal sealed class Membership(Connection connection)
{
    private LiveBuffer? _liveBuffer;

    public Connection Connection { get; } = connection;

    /// <summary>
    /// The room's position when the connection joined. It does not get messages up to here, which may still be on their way to others.
    /// </summary>
    public Position JoinPosition { get; set; } = Position.None;

    /// <summary>Takes the live batches while the connection recovers from the room's history.</summary>
    public LiveBuffer? LiveBuffer
    {
        get => Volatile.Read(ref _liveBuffer);
        set => Volatile.Write(ref _liveBuffer, value);
    }

    /// <summary>The index in the shard; -1 in no set. Guarded by the set's lock.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>The state in the presence store. Guarded by the membership itself.</summary>
    public PresenceState Presence { get; set; }
}

/// <summary>Whether the presence store has a membership.</summary>
internal enum PresenceState : byte
{
    None = 0,
    Present,
    Left,
}
