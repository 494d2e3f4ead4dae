using System.Collections.Concurrent;

namespace Gateway.Core.Connections;

/// <summary>The connections of this replica, by id and by user.</summary>
internal sealed class ConnectionTable(int shards)
{
    private readonly ConcurrentDictionary<string, (Connection Connection, Membership Membership)> _byId = new(StringComparer.Ordinal);

    // Guarded by itself. A value is a connection, or a list of several. Most users have one connection, and need no list.
    private readonly Dictionary<string, object> _byUser = new(StringComparer.Ordinal);
    private readonly int[] _byDialect = new int[Dialects.All.Count];
    private int _nextShard = -1;

    internal int Shards => shards;

    internal MemberSet Everyone { get; } = new(shards);

    public int Count => _byId.Count;

    public int CountOf(Dialect dialect) => Volatile.Read(ref _byDialect[(int)dialect]);

    /// <summary>Returns the shard of the next connection, in turn.</summary>
    internal int NextShard() => (int)((uint)Interlocked.Increment(ref _nextShard) % (uint)shards);

    /// <summary>Adds a connection.</summary>
    /// <returns><c>false</c> if there is already a connection with its id.</returns>
    internal bool Add(Connection connection)
    {
        var membership = new Membership(connection);
        if (!_byId.TryAdd(connection.Id, (connection, membership))) return false;
        Everyone.Add(membership);
        Interlocked.Increment(ref _byDialect[(int)connection.Dialect]);
        if (!connection.User.IsKnown) return true;
        lock (_byUser)
        {
            _byUser[connection.User.Id] = _byUser.TryGetValue(connection.User.Id, out var present)
                ? present is Connection one ? new List<Connection> { one, connection } : Appended((List<Connection>)present, connection)
                : connection;
        }
        return true;
    }

    internal bool Remove(Connection connection)
    {
        // It was not added: another one has its id.
        if (!_byId.TryGetValue(connection.Id, out var entry) || entry.Connection != connection) return false;
        if (!_byId.TryRemove(new KeyValuePair<string, (Connection, Membership)>(connection.Id, entry))) return false;
        Everyone.Remove(entry.Membership);
        Interlocked.Decrement(ref _byDialect[(int)connection.Dialect]);
        RemoveFromUser(connection);
        return true;
    }

    /// <summary>
    /// Removes a connection from its user. It stays in the table until it has ended, so that deadlines and shutdown find it.
    /// </summary>
    internal void RemoveFromUser(Connection connection)
    {
        if (!connection.User.IsKnown) return;
        lock (_byUser)
        {
            if (!_byUser.TryGetValue(connection.User.Id, out var present)) return;
            if (present == connection) _byUser.Remove(connection.User.Id);
            else if (present is List<Connection> several && several.Remove(connection) && several.Count == 1)
                _byUser[connection.User.Id] = several[0];
        }
    }

    public Connection? Find(string connectionId) => _byId.TryGetValue(connectionId, out var entry) ? entry.Connection : null;

    public Connection[] OfUser(string userId)
    {
        lock (_byUser)
        {
            if (!_byUser.TryGetValue(userId, out var present)) return [];
            return present is Connection one ? [one] : [.. (List<Connection>)present];
        }
    }

    public Connection[] Snapshot() => Everyone.Snapshot();

    private static List<Connection> Appended(List<Connection> list, Connection connection)
    {
        list.Add(connection);
        return list;
    }
}
