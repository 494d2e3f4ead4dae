using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>Runs the presence scripts in a room and adds announcements as the room's policy requires.</summary>
internal sealed class PresenceRooms(RedisConnection server, RedisKeys keys, RoomTable rooms)
{
    /// <summary>How long presence commands wait for Redis.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>The maximum number of users in one script, because Redis executes nothing else meanwhile.</summary>
    public const int Batch = 100;

    /// <summary>Writes a user's entry.</summary>
    /// <param name="room">The room.</param>
    /// <param name="member">The user's entry on this replica.</param>
    /// <param name="ownConnections">The user's connections on this replica; they do not get the announcement.</param>
    /// <param name="lease">The lease of this replica.</param>
    /// <param name="announce">Whether to announce the user if it was not in the room.</param>
    public Task EnterAsync(string room, PresenceMember member, IReadOnlyList<string> ownConnections, LeaseName lease, bool announce) =>
        RunAsync(
        PresenceScripts.Enter, room,
        [member.UserId, lease.Current, lease.Previous, PresenceEntry.Write(member),
            announce ? Frame(room, Announcement.Join(room, member, ownConnections)) : ""]);

    /// <summary>Removes entries of users.</summary>
    /// <param name="room">The room.</param>
    /// <param name="members">The users as they were last.</param>
    /// <param name="lease">The lease whose entries are removed.</param>
    /// <param name="grace">How long the users may reconnect before their leave is announced.</param>
    /// <param name="restore">Whether to announce the leave of a user whom Redis has forgotten.</param>
    /// <returns>How many users may still reconnect.</returns>
    public async Task<int> LeaveAsync(
        string room, IReadOnlyList<PresenceMember> members, LeaseName lease, TimeSpan grace, bool restore = false) =>
        (int)await RunAsync(
        PresenceScripts.Leave, room,
        [lease.Current, lease.Previous, (long)grace.TotalMilliseconds,
            .. members.SelectMany(m => (RedisValue[])[m.UserId, LeaveFrame(room, m), restore ? PresenceEntry.Write(m) : ""])]);

    /// <summary>Removes users whose grace has ended.</summary>
    /// <returns>The time until the next grace ends; <c>null</c> if no user is waiting.</returns>
    public async Task<TimeSpan?> ExpireAsync(string room)
    {
        while (true)
        {
            var due = (RedisResult[])(await server.ExecuteAsync(
                database =>
                    database.ScriptEvaluateAsync(PresenceScripts.Due, [keys.Members(room), keys.Leaving(room)], [Batch]), Timeout))!;
            if (due.Length == 1) return (long)due[0] is >= 0 and var next ? TimeSpan.FromMilliseconds(next) : null;
            var gone = new List<RedisValue>();
            for (var i = 1; i < due.Length; i += 2)
            {
                var user = (string)due[i]!;
                gone.Add(user);
                gone.Add(PresenceEntry.Read(user, (byte[])due[i + 1]!, out _) is { } member ? LeaveFrame(room, member) : "");
            }
            await RunAsync(PresenceScripts.Expire, room, gone);
        }
    }

    /// <summary>Removes all members of an ended lease from the room.</summary>
    public async Task RemoveLeaseAsync(string room, string lease, TimeSpan grace)
    {
        RedisValue cursor = "0";
        do
        {
            var at = cursor;
            var page = (RedisResult[])(await server.ExecuteAsync(
                database => database.ExecuteAsync("HSCAN", (RedisKey)keys.Members(room), at, "COUNT", Batch), Timeout))!;
            cursor = (RedisValue)page[0];
            var entries = (RedisResult[])page[1]!;
            var members = new List<PresenceMember>();
            for (var i = 0; i < entries.Length; i += 2)
                if (PresenceEntry.Read((string)entries[i]!, (byte[])entries[i + 1]!, out var leases) is { } member
                    && leases.Contains(lease))
                    members.Add(member);
            // HSCAN returns a small hash in one page.
            foreach (var chunk in members.Chunk(Batch)) await LeaveAsync(room, chunk, new LeaseName(lease, ""), grace);
        }
        while (cursor != "0");
    }

    public Task<bool> HasAsync(string room, string userId) =>
        server.ExecuteAsync(database => database.HashExistsAsync(keys.Members(room), userId), Timeout);

    /// <returns>The members in the order in which they entered, and the leases of their entries.</returns>
    public async Task<(List<PresenceMember> Members, HashSet<string> Leases)> ListAsync(string room)
    {
        var entries = await server.ExecuteAsync(database => database.HashGetAllAsync(keys.Members(room)), Timeout);
        var members = new List<PresenceMember>(entries.Length);
        var all = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (PresenceEntry.Read(entry.Name!, (byte[])entry.Value!, out var leases) is not { } member) continue;
            members.Add(member);
            all.UnionWith(leases);
        }
        members.Sort(PresenceMember.ByConnectedAt);
        return (members, all);
    }

    private RedisValue LeaveFrame(string room, PresenceMember member) => Frame(room, Announcement.Leave(room, member));

    private RedisValue Frame(string room, (Audience Audience, Message Message) announcement) =>
        rooms.PolicyOf(room).Announce ? BackplaneFrame.WriteMessage(announcement.Audience, announcement.Message) : "";

    /// <summary>The command has been passed to the client library when this method returns.</summary>
    private Task<RedisResult> RunAsync(string script, string room, IEnumerable<RedisValue> arguments)
    {
        RedisKey[] scriptKeys = [keys.Members(room), keys.Leaving(room)];
        RedisValue[] all = [keys.Channel(Audience.Room(room)), .. arguments];
        return server.ExecuteAsync(database => database.ScriptEvaluateAsync(script, scriptKeys, all), Timeout);
    }
}
