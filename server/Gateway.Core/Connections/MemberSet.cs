using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>
/// A set of connections in shards, one for each fan-out worker. Each membership knows its slot, so that leaving costs the same in a
/// crowd as alone; and a worker copies its shard, so that the lock is never held while something is posted.
/// </summary>
internal sealed class MemberSet(int shards)
{
    private readonly Lock _lock = new();
    private readonly Shard[] _shards = new Shard[shards];

    private int _count;

    /// <summary>How many are in the set.</summary>
    public int Count
    {
        get { lock (_lock) return _count; }
    }

    /// <param name="position">Read at the moment of entering: what it hears begins after this place.</param>
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

    /// <summary>Under the lock: whoever is just entering has read its place, and would otherwise miss the message for which this is asked.</summary>
    public bool HasMembers(int shard)
    {
        lock (_lock) return _shards[shard].Count > 0;
    }

    /// <summary>Copies one shard's members and returns how many there are.</summary>
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

    /// <summary>Does it hold for every member?</summary>
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

    /// <summary>Everyone in the set, as of now.</summary>
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

    /// <summary>Where in the room's sequence it entered: messages up to here, which may still be on their way to others, are not for it.</summary>
    public Position JoinPosition { get; set; } = Position.None;

    /// <summary>Set while the connection recovers from the room's history: it takes the live batches meanwhile.</summary>
    public LiveBuffer? LiveBuffer
    {
        get => Volatile.Read(ref _liveBuffer);
        set => Volatile.Write(ref _liveBuffer, value);
    }

    /// <summary>Its place in its shard, -1 when it is in no set. Guarded by the set's lock.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>What presence knows of it. Guarded by the membership itself.</summary>
    public PresenceState Presence { get; set; }
}

internal enum PresenceState : byte
{
    None = 0,
    Present,
    Left,
}
