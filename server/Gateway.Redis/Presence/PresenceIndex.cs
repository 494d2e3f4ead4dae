using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>
/// The rooms of one Redis server for which this replica is responsible: rooms with users of its own, and rooms with users whose grace has
/// not ended. Redis has them under the replica's lease, so another replica finds them when this one is dead.
/// </summary>
/// <param name="wake">Called when a room with a due time has been added.</param>
internal sealed class PresenceIndex(
    RedisConnection server, RedisKeys keys, ReplicaLease lease, Action wake, Supervisor supervisor, TimeProvider time)
{
    private const int Batch = 500;

    /// <summary>Added to due times, so that by the clock of Redis the grace has really ended.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(5);

    private readonly SupervisedLoop _sending = supervisor.Loop("presence_index");
    private readonly long _start = time.GetTimestamp();

    // Guards the fields below. Commands are passed to the client library under the lock, so Redis executes them in the order of the
    // changes.
    private readonly Lock _lock = new();
    private readonly HashSet<string> _withUsers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PendingExpiry> _pending = new(StringComparer.Ordinal);

    private TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>Adds a room that has users of this replica.</summary>
    public void Add(string room)
    {
        lock (_lock)
            if (_withUsers.Add(room) && !_pending.ContainsKey(room))
                SendLocked(database => database.SetAddAsync(keys.RoomsOfLease(lease.Name.Current), room));
    }

    public void Remove(string room)
    {
        lock (_lock)
            if (_withUsers.Remove(room))
                ReleaseLocked(room);
    }

    /// <summary>Schedules a check of the room for when a user's grace ends.</summary>
    public void ScheduleExpiry(string room, TimeSpan within)
    {
        lock (_lock)
        {
            var dueAt = Now + within + Slack;
            if (_pending.TryGetValue(room, out var pending))
            {
                _pending[room] = new PendingExpiry(dueAt < pending.DueAt ? dueAt : pending.DueAt, pending.Version + 1);
                return;
            }
            _pending[room] = new PendingExpiry(dueAt, 0);
            if (!_withUsers.Contains(room)) SendLocked(database => database.SetAddAsync(keys.RoomsOfLease(lease.Name.Current), room));
        }
        wake();
    }

    /// <summary>The rooms that are due for a check. They stay due until <see cref="CompleteCheck"/>.</summary>
    public IReadOnlyList<(string Room, long Version)> GetDueRooms()
    {
        lock (_lock)
        {
            var now = Now;
            return [.. _pending.Where(e => e.Value.DueAt <= now).Select(e => (e.Key, e.Value.Version))];
        }
    }

    /// <summary>The time until the next room is due; <c>null</c> if none is.</summary>
    public TimeSpan? GetTimeToNextDue()
    {
        lock (_lock)
        {
            if (_pending.Count == 0) return null;
            var next = _pending.Values.Min(e => e.DueAt) - Now;
            return next > TimeSpan.Zero ? next : TimeSpan.Zero;
        }
    }

    /// <summary>Ends the check of a room.</summary>
    /// <param name="room">The room.</param>
    /// <param name="version">The version that <see cref="GetDueRooms"/> returned.</param>
    /// <param name="next">The time until the next grace ends in the room; <c>null</c> if no user is waiting.</param>
    public void CompleteCheck(string room, long version, TimeSpan? next)
    {
        lock (_lock)
        {
            if (!_pending.TryGetValue(room, out var pending)) return;
            if (next is { } delay) _pending[room] = pending with { DueAt = Now + delay + Slack };
            else if (pending.Version == version && _pending.Remove(room)) ReleaseLocked(room);
        }
    }

    /// <summary>Writes all rooms again: under a new lease, or after commands were lost.</summary>
    public void RewriteAll()
    {
        lock (_lock)
        {
            foreach (var chunk in _withUsers.Union(_pending.Keys, StringComparer.Ordinal).Chunk(Batch))
            {
                RedisValue[] roomNames = [.. chunk.Select(room => (RedisValue)room)];
                SendLocked(database => database.SetAddAsync(keys.RoomsOfLease(lease.Name.Current), roomNames));
            }
        }
    }

    private void ReleaseLocked(string room)
    {
        if (_withUsers.Contains(room) || _pending.ContainsKey(room)) return;
        SendLocked(database => database.SetRemoveAsync(keys.RoomsOfLease(lease.Name.Current), room));
    }

    /// <summary>Sends without waiting: <see cref="RewriteAll"/> repeats what is lost, and a superfluous room does no harm.</summary>
    private void SendLocked<T>(Func<IDatabase, Task<T>> command) => _sending.Start(async () =>
    {
        try
        {
            await server.ExecuteAsync(command);
        }
        catch (BackplaneException)
        {
            // Redis is unavailable.
        }
    });

    private readonly record struct PendingExpiry(TimeSpan DueAt, long Version);
}
