using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>Runs the roster's scripts in a room, with what its policy says about telling.</summary>
internal sealed class PresenceRooms(RedisConnection server, RedisKeys keys, RoomTable rooms)
{
    /// <summary>How long somebody who comes or goes waits for Redis; and anything else here.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Users in one script: a script holds up everyone else's commands.</summary>
    public const int Batch = 100;

    /// <param name="own">The user's connections here: they are not told.</param>
    /// <param name="isToTell">Whether its coming is told, if it was nowhere.</param>
    public Task EnterAsync(string room, PresenceMember member, IReadOnlyList<string> own, string lease, string former, bool isToTell) => RunAsync(
        PresenceScripts.Enter, room,
        [member.UserId, lease, former, PresenceEntry.Write(member), isToTell ? Frame(room, Announcement.Join(room, member, own)) : ""]);

    /// <param name="restore">Whether the others still have to hear of it where Redis has forgotten the user.</param>
    /// <returns>How many may come back.</returns>
    public async Task<int> LeaveAsync(string room, IReadOnlyList<PresenceMember> members, string lease, string former, TimeSpan grace, bool restore = false) => (int)await RunAsync(
        PresenceScripts.Leave, room,
        [lease, former, (long)grace.TotalMilliseconds, .. members.SelectMany(m => (RedisValue[])[m.UserId, LeaveFrame(room, m), restore ? PresenceEntry.Write(m) : ""])]);

    /// <summary>Takes away those whose grace is over.</summary>
    /// <returns>When the next one's is; <c>null</c> if there is none.</returns>
    public async Task<TimeSpan?> ExpireAsync(string room)
    {
        while (true)
        {
            var due = (RedisResult[])(await server.AskAsync(database => database.ScriptEvaluateAsync(PresenceScripts.Due, [keys.Members(room), keys.Leaving(room)], [Batch]), Limit))!;
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

    /// <summary>Takes away whatever a lease that is over has left in the room.</summary>
    public async Task ClearAsync(string room, string lease, TimeSpan grace)
    {
        RedisValue cursor = "0";
        do
        {
            var at = cursor;
            var page = (RedisResult[])(await server.AskAsync(database => database.ExecuteAsync("HSCAN", (RedisKey)keys.Members(room), at, "COUNT", Batch), Limit))!;
            cursor = (RedisValue)page[0];
            var entries = (RedisResult[])page[1]!;
            var left = new List<PresenceMember>();
            for (var i = 0; i < entries.Length; i += 2)
                if (PresenceEntry.Read((string)entries[i]!, (byte[])entries[i + 1]!, out var leases) is { } member && leases.Contains(lease))
                    left.Add(member);
            foreach (var some in left.Chunk(Batch)) await LeaveAsync(room, some, lease, "", grace); // a small hash comes in one page
        }
        while (cursor != "0");
    }

    public Task<bool> HasAsync(string room, string userId) => server.AskAsync(database => database.HashExistsAsync(keys.Members(room), userId), Limit);

    /// <returns>The members in the order of their coming, and whose entries they are.</returns>
    public async Task<(List<PresenceMember> Members, HashSet<string> Leases)> ListAsync(string room)
    {
        var entries = await server.AskAsync(database => database.HashGetAllAsync(keys.Members(room)), Limit);
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

    /// <summary>The command is with the client library when this returns.</summary>
    private Task<RedisResult> RunAsync(string script, string room, IEnumerable<RedisValue> own)
    {
        RedisKey[] scriptKeys = [keys.Members(room), keys.Leaving(room)];
        RedisValue[] arguments = [keys.Channel(Audience.Room(room)), .. own];
        return server.AskAsync(database => database.ScriptEvaluateAsync(script, scriptKeys, arguments), Limit);
    }
}
