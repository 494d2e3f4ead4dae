using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Redis.Presence;

/// <summary>
/// Writes this replica's users in the rooms of one Redis server. Each write has the user's whole entry, so an entry that was lost or could
/// not be written is simply written again in its current state. While Redis is unavailable, nobody waits for a write.
/// </summary>
internal sealed partial class PresenceWriter(
    PresenceRooms redis, RoomTable rooms, ReplicaLease lease, PresenceIndex index, TimeSpan grace, ILogger<PresenceWriter> logger)
{
    private const int Batch = 250;

    /// <summary>After Redis has lost its data, other replicas have this time to write the user again before a leave is announced.</summary>
    private readonly TimeSpan _restoreGrace = lease.HeartbeatInterval * 5;

    // Guards the fields below. Commands are passed to the client library under the lock, so Redis executes them in the order of the
    // changes.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, Entry>> _rooms = new(StringComparer.Ordinal);
    private readonly Queue<Entry> _pending = [];
    private bool _isUnavailable = true;

    /// <summary>Whether Redis was unavailable at the last attempt. Changes then wait for <see cref="WritePendingAsync"/>.</summary>
    public bool IsUnavailable
    {
        get { lock (_lock) return _isUnavailable; }
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
            if (!users.TryGetValue(connection.User.Id, out var entry))
                users[connection.User.Id] = entry = new Entry(room, connection.User.Id, rooms);
            entry.User.Add(connection);
            return WriteLocked(entry);
        }
    }

    public Task LeaveAsync(string room, Connection connection, bool immediately)
    {
        lock (_lock)
        {
            if (FindLocked(room, connection.User.Id) is not { } entry || !entry.User.Has(connection)) return Task.CompletedTask;
            entry.LastSummary = entry.User.Summary();
            entry.LeftImmediately = immediately;
            entry.User.Remove(connection);
            return WriteLocked(entry);
        }
    }

    public Task UpdateAsync(string room, Connection connection)
    {
        lock (_lock)
            return FindLocked(room, connection.User.Id) is { } entry && entry.User.Has(connection)
                ? WriteLocked(entry)
                : Task.CompletedTask;
    }

    /// <summary>Removes all users at shutdown. They may reconnect to another replica.</summary>
    public Task LeaveAllAsync()
    {
        lock (_lock)
        {
            var entries = _rooms.Values.SelectMany(users => users.Values).Where(e => !e.User.IsEmpty).ToList();
            foreach (var entry in entries)
            {
                entry.LastSummary = entry.User.Summary();
                entry.User.Clear();
            }
            return Task.WhenAll(entries.Select(WriteLocked).ToList());
        }
    }

    /// <summary>Writes pending changes when Redis responds again.</summary>
    /// <param name="all">Writes every entry, because Redis has none under this lease.</param>
    /// <param name="dataLost">Redis had the entries and lost them: users it had before are not announced again.</param>
    public async Task WritePendingAsync(bool all, bool dataLost)
    {
        lock (_lock)
        {
            if (!_isUnavailable && !all) return;
            _isUnavailable = false;
            index.RewriteAll();
            foreach (var entry in _rooms.Values.SelectMany(users => users.Values))
            {
                entry.Restore |= dataLost && entry.IsWritten;
                if (all) EnqueueLocked(entry);
            }
        }
        var written = 0;
        while (DequeueUnwritten() is { Count: > 0 } batch)
        {
            written += batch.Count;
            await Task.WhenAll(batch);
        }
        if (written > 0) Log.PendingWritten(logger, written);
    }

    /// <summary>Records that Redis is unavailable.</summary>
    public void MarkUnavailable(Exception fault)
    {
        lock (_lock)
        {
            if (!_isUnavailable) Log.Unavailable(logger, fault.Message);
            _isUnavailable = true;
        }
    }

    private Entry? FindLocked(string room, string user) => _rooms.TryGetValue(room, out var users) ? users.GetValueOrDefault(user) : null;

    private List<Task> DequeueUnwritten()
    {
        var batch = new List<Task>();
        lock (_lock)
        {
            while (!_isUnavailable && batch.Count < Batch && _pending.TryDequeue(out var entry))
            {
                entry.IsPending = false;
                batch.Add(WriteLocked(FindLocked(entry.Room, entry.UserId) ?? entry)); // the user may have entered again
            }
        }
        return batch;
    }

    private void EnqueueLocked(Entry entry)
    {
        if (entry.IsPending) return;
        entry.IsPending = true;
        _pending.Enqueue(entry);
    }

    /// <summary>Completes when the entry is written, or has to wait for Redis. Never fails.</summary>
    private Task WriteLocked(Entry entry)
    {
        if (!_isUnavailable) return entry.User.IsEmpty ? WriteLeaveAsync(entry) : WriteEnterAsync(entry);
        EnqueueLocked(entry);
        return Task.CompletedTask;
    }

    // The two methods below run under the lock until the command has been passed to the client library.
    private async Task WriteEnterAsync(Entry entry)
    {
        try
        {
            var (name, restore) = (lease.Name, entry.Restore);
            await redis.EnterAsync(entry.Room, entry.User.Summary(), entry.User.ConnectionIds, name, announce: !restore);
            lock (_lock) (entry.IsWritten, entry.Restore) = (true, entry.Restore && !restore);
        }
        catch (BackplaneException fault)
        {
            OnWriteFailed(entry, fault);
        }
    }

    private async Task WriteLeaveAsync(Entry entry)
    {
        try
        {
            var (name, restore) = (lease.Name, entry.Restore);
            var leaveGrace = entry.LeftImmediately ? TimeSpan.Zero : grace;
            if (restore && leaveGrace < _restoreGrace) leaveGrace = _restoreGrace;
            var leaving = await redis.LeaveAsync(entry.Room, [entry.LastSummary!], name, leaveGrace, restore);
            if (leaving > 0) index.ScheduleExpiry(entry.Room, leaveGrace);
            Forget(entry);
        }
        catch (BackplaneException fault)
        {
            OnWriteFailed(entry, fault);
        }
    }

    private void Forget(Entry entry)
    {
        lock (_lock)
        {
            if (!entry.User.IsEmpty || entry.IsPending || FindLocked(entry.Room, entry.UserId) != entry) return; // entered again
            var users = _rooms[entry.Room];
            users.Remove(entry.UserId);
            if (users.Count > 0) return;
            _rooms.Remove(entry.Room);
            index.Remove(entry.Room);
        }
    }

    private void OnWriteFailed(Entry entry, Exception fault)
    {
        lock (_lock)
        {
            EnqueueLocked(entry);
            MarkUnavailable(fault);
        }
    }

    private sealed class Entry(string room, string userId, RoomTable rooms)
    {
        public string Room => room;
        public string UserId => userId;
        public LocalUser User { get; } = new(room, rooms);

        /// <summary>The user when its last connection ended.</summary>
        public PresenceMember? LastSummary { get; set; }
        public bool LeftImmediately { get; set; }

        /// <summary>Whether the entry is in the queue of pending writes.</summary>
        public bool IsPending { get; set; }

        /// <summary>Whether Redis has had the entry.</summary>
        public bool IsWritten { get; set; }

        /// <summary>Whether Redis has had the entry and lost it.</summary>
        public bool Restore { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Presence cannot be written to Redis. Changes are kept until Redis is available: {Fault}")]
        public static partial void Unavailable(ILogger logger, string fault);

        [LoggerMessage(2, LogLevel.Information, "Presence was written to Redis again: {Users} entries")]
        public static partial void PendingWritten(ILogger logger, int users);
    }
}
