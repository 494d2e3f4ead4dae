using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Redis.Presence;

/// <summary>
/// This replica's own users in the rooms of one Redis server, and the writing of them there. What is written of a user is always the whole of it: so what
/// could not be written, or was lost, is written again as it is by then. While Redis is away nobody waits for it.
/// </summary>
internal sealed partial class PresenceWriter(PresenceRooms redis, RoomTable rooms, Lease lease, PresenceIndex index, TimeSpan grace, ILogger<PresenceWriter> logger)
{
    private const int Batch = 250;

    /// <summary>Where Redis has forgotten who else has a user, the others have so long to write it again before the user's leave is told.</summary>
    private readonly TimeSpan _restoreGrace = lease.Interval * 5;

    // Guards what follows. Commands are handed to the client library under it, so that Redis carries them out in the order of the changes.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, Entry>> _rooms = new(StringComparer.Ordinal);
    private readonly Queue<Entry> _unwritten = [];
    private bool _away = true;

    /// <summary>Redis is away, as far as we know: what happens is kept for <see cref="CatchUpAsync"/>.</summary>
    public bool IsAway
    {
        get { lock (_lock) return _away; }
    }

    public Task EnterAsync(string room, Connection connection)
    {
        lock (_lock)
        {
            if (!_rooms.TryGetValue(room, out var users))
            {
                _rooms[room] = users = new Dictionary<string, Entry>(StringComparer.Ordinal);
                index.Add(room);
            }
            if (!users.TryGetValue(connection.User.Id, out var entry)) users[connection.User.Id] = entry = new Entry(room, connection.User.Id, rooms);
            entry.User.Add(connection);
            return WriteLocked(entry);
        }
    }

    public Task LeaveAsync(string room, Connection connection, bool atOnce)
    {
        lock (_lock)
        {
            if (FindLocked(room, connection.User.Id) is not { } entry || !entry.User.Has(connection)) return Task.CompletedTask;
            entry.Last = entry.User.Summary();
            entry.LeftAtOnce = atOnce;
            entry.User.Remove(connection);
            return WriteLocked(entry);
        }
    }

    public Task UpdateAsync(string room, Connection connection)
    {
        lock (_lock)
            return FindLocked(room, connection.User.Id) is { } entry && entry.User.Has(connection) ? WriteLocked(entry) : Task.CompletedTask;
    }

    /// <summary>The replica stops: whoever is still here has left, and may come back on another one.</summary>
    public Task LeaveAllAsync()
    {
        lock (_lock)
        {
            var entries = _rooms.Values.SelectMany(users => users.Values).Where(e => !e.User.IsEmpty).ToList();
            foreach (var entry in entries)
            {
                entry.Last = entry.User.Summary();
                entry.User.Clear();
            }
            return Task.WhenAll(entries.Select(WriteLocked).ToList());
        }
    }

    /// <summary>Redis answers: writes what could not be written.</summary>
    /// <param name="all">Nothing of ours is there: writes everything.</param>
    /// <param name="forgotten">It was there, and Redis has lost it: what was known is not told of again.</param>
    public async Task CatchUpAsync(bool all, bool forgotten)
    {
        lock (_lock)
        {
            if (!_away && !all) return;
            _away = false;
            index.AddAgain();
            foreach (var entry in _rooms.Values.SelectMany(users => users.Values))
            {
                entry.Restore |= forgotten && entry.IsKnown;
                if (all) KeepLocked(entry);
            }
        }
        var written = 0;
        while (TakeUnwritten() is { Count: > 0 } batch)
        {
            written += batch.Count;
            await Task.WhenAll(batch);
        }
        if (written > 0) Log.CaughtUp(logger, written);
    }

    /// <summary>Redis has been found to be away by somebody else.</summary>
    public void GoAway(Exception fault)
    {
        lock (_lock)
        {
            if (!_away) Log.Away(logger, fault.Message);
            _away = true;
        }
    }

    private Entry? FindLocked(string room, string user) => _rooms.TryGetValue(room, out var users) ? users.GetValueOrDefault(user) : null;

    private List<Task> TakeUnwritten()
    {
        var batch = new List<Task>();
        lock (_lock)
        {
            while (!_away && batch.Count < Batch && _unwritten.TryDequeue(out var entry))
            {
                entry.IsUnwritten = false;
                batch.Add(WriteLocked(FindLocked(entry.Room, entry.UserId) ?? entry)); // the user may have come again since
            }
        }
        return batch;
    }

    private void KeepLocked(Entry entry)
    {
        if (entry.IsUnwritten) return;
        entry.IsUnwritten = true;
        _unwritten.Enqueue(entry);
    }

    /// <summary>Completes when it is written, or has to wait for Redis. Does not fail.</summary>
    private Task WriteLocked(Entry entry)
    {
        if (!_away) return entry.User.IsEmpty ? WriteLeaveAsync(entry) : WriteEnterAsync(entry);
        KeepLocked(entry);
        return Task.CompletedTask;
    }

    // These two run under the lock until the command is with the client library.
    private async Task WriteEnterAsync(Entry entry)
    {
        try
        {
            var (names, restore) = (lease.Held, entry.Restore);
            await redis.EnterAsync(entry.Room, entry.User.Summary(), entry.User.ConnectionIds, names.Current, names.Former, isToTell: !restore);
            lock (_lock) (entry.IsKnown, entry.Restore) = (true, entry.Restore && !restore);
        }
        catch (BackplaneException fault)
        {
            NotWritten(entry, fault);
        }
    }

    private async Task WriteLeaveAsync(Entry entry)
    {
        try
        {
            var (names, restore) = (lease.Held, entry.Restore);
            var patience = entry.LeftAtOnce ? TimeSpan.Zero : grace;
            if (restore && patience < _restoreGrace) patience = _restoreGrace;
            var lingering = await redis.LeaveAsync(entry.Room, [entry.Last!], names.Current, names.Former, patience, restore);
            if (lingering > 0) index.Expect(entry.Room, patience);
            Forget(entry);
        }
        catch (BackplaneException fault)
        {
            NotWritten(entry, fault);
        }
    }

    private void Forget(Entry entry)
    {
        lock (_lock)
        {
            if (!entry.User.IsEmpty || entry.IsUnwritten || FindLocked(entry.Room, entry.UserId) != entry) return; // it has come again
            var users = _rooms[entry.Room];
            users.Remove(entry.UserId);
            if (users.Count > 0) return;
            _rooms.Remove(entry.Room);
            index.Remove(entry.Room);
        }
    }

    private void NotWritten(Entry entry, Exception fault)
    {
        lock (_lock)
        {
            KeepLocked(entry);
            GoAway(fault);
        }
    }

    private sealed class Entry(string room, string userId, RoomTable rooms)
    {
        public string Room => room;
        public string UserId => userId;
        public LocalUser User { get; } = new(room, rooms);

        /// <summary>The user as it was when its last connection went.</summary>
        public PresenceMember? Last { get; set; }
        public bool LeftAtOnce { get; set; }

        /// <summary>It waits among the unwritten.</summary>
        public bool IsUnwritten { get; set; }

        /// <summary>Redis has had it.</summary>
        public bool IsKnown { get; set; }

        /// <summary>Redis has had it and lost it.</summary>
        public bool Restore { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Who comes into rooms and leaves them cannot be written to Redis, and is kept until it can: {Fault}")]
        public static partial void Away(ILogger logger, string fault);

        [LoggerMessage(2, LogLevel.Information, "Who is in which room is written to Redis again: {Users} entries")]
        public static partial void CaughtUp(ILogger logger, int users);
    }
}
