using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Presence;

/// <summary>The presence of a single replica.</summary>
/// <param name="grace">How long a user without a connection stays listed.</param>
internal sealed partial class InProcessPresenceStore(
    RoomTable rooms, Announce announce, TimeSpan grace, Supervisor supervisor, TimeProvider time, ILogger<InProcessPresenceStore> logger)
        : IPresenceStore, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    // Guards what follows. Announcements are published under it, so that they go out in order; publishing does not wait.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, Entry>> _rooms = new(StringComparer.Ordinal);
    private readonly Queue<Entry> _inGrace = []; // all have the same grace period, so the first to leave is the first to expire
    private Task? _expiring; // runs while a user is in the grace period

    public ValueTask AddAsync(string room, Connection connection)
    {
        lock (_lock)
        {
            if (!_rooms.TryGetValue(room, out var users)) _rooms[room] = users = new Dictionary<string, Entry>(StringComparer.Ordinal);
            if (users.TryGetValue(connection.User.Id, out var entry))
            {
                // Back within the grace period: the old entry expires without effect.
                if (entry.User.IsEmpty) users[connection.User.Id] = entry = new Entry(room, rooms);
                entry.User.Add(connection);
                return default;
            }
            users[connection.User.Id] = entry = new Entry(room, rooms);
            entry.User.Add(connection);
            return AnnounceLocked(Announcement.Join(room, entry.User.Summary(), entry.User.ConnectionIds));
        }
    }

    public ValueTask RemoveAsync(string room, Connection connection, bool immediately)
    {
        lock (_lock)
        {
            if (!_rooms.TryGetValue(room, out var users) || !users.TryGetValue(connection.User.Id, out var entry)) return default;
            var last = entry.User.Has(connection) ? entry.User.Summary() : null;
            if (!entry.User.Remove(connection) || !entry.User.IsEmpty) return default;
            entry.Left = last! with { Connections = 0 };
            entry.LeftAt = time.GetTimestamp();
            if (immediately || grace == TimeSpan.Zero) return RemoveLocked(entry);
            _inGrace.Enqueue(entry);
            _expiring ??= ExpireAsync();
            return default;
        }
    }

    /// <summary>Does nothing: the list reads the connections.</summary>
    public ValueTask UpdateAsync(string room, Connection connection) => default;

    public ValueTask<bool> ContainsAsync(string room, string userId)
    {
        lock (_lock) return new(_rooms.TryGetValue(room, out var users) && users.ContainsKey(userId));
    }

    public ValueTask<IReadOnlyList<PresenceMember>> ListAsync(string room)
    {
        lock (_lock)
        {
            if (!_rooms.TryGetValue(room, out var users)) return new([]);
            var members = users.Values.Select(e => e.User.IsEmpty ? e.Left! : e.User.Summary()).ToList();
            members.Sort(PresenceMember.ByConnectedAt);
            return new(members);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task? expiring;
        lock (_lock) expiring = _expiring;
        if (expiring != null) await expiring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ExpireAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the caller holds the lock and stores the task
        await supervisor.Loop("roster_grace").RunAsync(ExpireNextAsync, _stop.Token).ConfigureAwait(false);
    }

    /// <returns><c>false</c> if no user is in the grace period.</returns>
    private async Task<bool> ExpireNextAsync(CancellationToken stop)
    {
        Entry entry;
        TimeSpan wait;
        ValueTask told = default;
        lock (_lock)
        {
            if (_inGrace.Count == 0)
            {
                _expiring = null;
                return false;
            }
            entry = _inGrace.Peek();
            wait = grace - time.GetElapsedTime(entry.LeftAt);
            if (wait <= TimeSpan.Zero)
            {
                _inGrace.Dequeue();
                told = RemoveLocked(entry);
            }
        }
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, stop).ConfigureAwait(false);
        else await told.ConfigureAwait(false);
        return true;
    }

    /// <summary>The user is gone, if it has not come back.</summary>
    private ValueTask RemoveLocked(Entry entry)
    {
        if (!_rooms.TryGetValue(entry.Room, out var users)) return default;
        if (!users.TryGetValue(entry.Left!.UserId, out var present) || present != entry) return default;
        users.Remove(entry.Left.UserId);
        if (users.Count == 0) _rooms.Remove(entry.Room);
        return AnnounceLocked(Announcement.Leave(entry.Room, entry.Left));
    }

    private ValueTask AnnounceLocked((Audience Audience, Message Message) announcement)
    {
        if (!rooms.PolicyOf(announcement.Audience.Name).Announce) return default;
        var told = announce(announcement.Audience, announcement.Message);
        return told.IsCompletedSuccessfully ? default : ToldAsync(told, announcement.Audience.Name);
    }

    /// <summary>Who enters or leaves has done so, also if the others cannot be told.</summary>
    private async ValueTask ToldAsync(ValueTask told, string room)
    {
        try
        {
            await told.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            Log.NotTold(logger, fault, room);
        }
    }

    private sealed class Entry(string room, RoomTable rooms)
    {
        public string Room => room;
        public LocalUser User { get; } = new(room, rooms);

        /// <summary>The user as it was, once its last connection has gone.</summary>
        public PresenceMember? Left { get; set; }
        public long LeftAt { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The members of room {Room} could not be told who joined or left")]
        public static partial void NotTold(ILogger logger, Exception fault, string room);
    }
}
