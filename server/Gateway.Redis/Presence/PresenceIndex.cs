using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>
/// The rooms of one Redis server in which this replica has something to look after: users of its own, or users who may come back and have to be told as gone if
/// they do not. They stand in Redis under the replica's lease, so that the others find them when it is dead.
/// </summary>
/// <param name="wake">Called when a room has been added that is due at some time.</param>
internal sealed class PresenceIndex(RedisConnection server, RedisKeys keys, Lease lease, Action wake, Supervisor supervisor, TimeProvider time)
{
    private const int Batch = 500;

    /// <summary>Somewhat later than by the clock of Redis, rather than too early.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(5);

    private readonly SupervisedLoop _sending = supervisor.Loop("presence_index");
    private readonly long _began = time.GetTimestamp();

    // Guards what follows. Commands are handed to the client library under it, so that Redis carries them out in the order of the changes.
    private readonly Lock _lock = new();
    private readonly HashSet<string> _withUsers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Expected> _expecting = new(StringComparer.Ordinal);

    private TimeSpan Now => time.GetElapsedTime(_began);

    /// <summary>The room has users of this replica's.</summary>
    public void Add(string room)
    {
        lock (_lock)
            if (_withUsers.Add(room) && !_expecting.ContainsKey(room))
                SendLocked(database => database.SetAddAsync(keys.RoomsOf(lease.Held.Current), room));
    }

    public void Remove(string room)
    {
        lock (_lock)
            if (_withUsers.Remove(room))
                ReleaseLocked(room);
    }

    /// <summary>Somebody may come back into the room for so long.</summary>
    public void Expect(string room, TimeSpan within)
    {
        lock (_lock)
        {
            var dueAt = Now + within + Slack;
            if (_expecting.TryGetValue(room, out var expected))
            {
                _expecting[room] = new Expected(dueAt < expected.DueAt ? dueAt : expected.DueAt, expected.Version + 1);
                return;
            }
            _expecting[room] = new Expected(dueAt, 0);
            if (!_withUsers.Contains(room)) SendLocked(database => database.SetAddAsync(keys.RoomsOf(lease.Held.Current), room));
        }
        wake();
    }

    /// <summary>The rooms that are to be looked at now; they stay so until <see cref="Looked"/> says what was found.</summary>
    public IReadOnlyList<(string Room, long Version)> Due()
    {
        lock (_lock)
        {
            var now = Now;
            return [.. _expecting.Where(e => e.Value.DueAt <= now).Select(e => (e.Key, e.Value.Version))];
        }
    }

    /// <summary>When a room is to be looked at next.</summary>
    public TimeSpan? NextDue()
    {
        lock (_lock)
        {
            if (_expecting.Count == 0) return null;
            var next = _expecting.Values.Min(e => e.DueAt) - Now;
            return next > TimeSpan.Zero ? next : TimeSpan.Zero;
        }
    }

    /// <param name="next">When somebody is due there; <c>null</c>: nobody is expected, unless that has changed since.</param>
    public void Looked(string room, long version, TimeSpan? next)
    {
        lock (_lock)
        {
            if (!_expecting.TryGetValue(room, out var expected)) return;
            if (next is { } wait) _expecting[room] = expected with { DueAt = Now + wait + Slack };
            else if (expected.Version == version && _expecting.Remove(room)) ReleaseLocked(room);
        }
    }

    /// <summary>Writes all rooms again: under another lease, or after commands were lost.</summary>
    public void AddAgain()
    {
        lock (_lock)
            foreach (var some in _withUsers.Union(_expecting.Keys, StringComparer.Ordinal).Chunk(Batch))
                SendLocked(database => database.SetAddAsync(keys.RoomsOf(lease.Held.Current), [.. some.Select(room => (RedisValue)room)]));
    }

    private void ReleaseLocked(string room)
    {
        if (!_withUsers.Contains(room) && !_expecting.ContainsKey(room)) SendLocked(database => database.SetRemoveAsync(keys.RoomsOf(lease.Held.Current), room));
    }

    /// <summary>Nobody waits for it: what is lost is written again by <see cref="AddAgain"/>, and a room too many does no harm.</summary>
    private void SendLocked<T>(Func<IDatabase, Task<T>> command) => _sending.Start(async () =>
    {
        try
        {
            await server.AskAsync(command);
        }
        catch (BackplaneException)
        {
            // Redis is away.
        }
    });

    private readonly record struct Expected(TimeSpan DueAt, long Version);
}
