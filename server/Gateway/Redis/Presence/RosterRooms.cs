using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>Runs the roster's scripts in a room, with what its policy says about telling.</summary>
internal sealed class RosterRooms(RedisConnection redis, RedisKeys keys, RoomTable rooms, TimeProvider time)
{
    /// <summary>Users in one script: a script holds up everyone else's commands.</summary>
    public const int Batch = 100;

    /// <param name="own">The user's connections here: they are not told.</param>
    /// <param name="isToTell">Whether its coming is told, if it was nowhere.</param>
    public Task EnterAsync(string room, PresentMember member, IReadOnlyList<string> own, string lease, string former, bool isToTell) => EvaluateAsync(
        RosterScripts.Enter, room,
        [member.UserId, lease, former, RosterEntry.Write(member), isToTell ? Frame(room, Announcement.Join(room, member, own)) : ""]);

    /// <param name="restore">Whether the others still have to hear of it where Redis has forgotten the user.</param>
    /// <returns>How many may come back.</returns>
    public async Task<int> LeaveAsync(string room, IReadOnlyList<PresentMember> members, string lease, string former, TimeSpan grace, bool restore = false) => (int)await EvaluateAsync(
        RosterScripts.Leave, room,
        [lease, former, (long)grace.TotalMilliseconds, .. members.SelectMany(m => (RedisValue[])[m.UserId, LeaveFrame(room, m), restore ? RosterEntry.Write(m) : ""])]);

    /// <summary>Takes away those whose grace is over.</summary>
    /// <returns>When the next one's is; <c>null</c> if there is none.</returns>
    public async Task<TimeSpan?> ExpireAsync(string room)
    {
        while (true)
        {
            var due = (RedisResult[])(await redis.Database.ScriptEvaluateAsync(RosterScripts.Due, [keys.Members(room), keys.Leaving(room)], [Batch]).Bounded(time))!;
            if (due.Length > 1)
            {
                var gone = new List<RedisValue>();
                for (var i = 1; i < due.Length; i += 2)
                {
                    var user = (string)due[i]!;
                    gone.Add(user);
                    gone.Add(RosterEntry.Read(user, (byte[])due[i + 1]!, out _) is { } member ? LeaveFrame(room, member) : "");
                }
                await EvaluateAsync(RosterScripts.Expire, room, gone).Bounded(time);
                continue;
            }
            var next = (long)due[0];
            return next < 0 ? null : TimeSpan.FromMilliseconds(next);
        }
    }

    /// <summary>Takes away whatever a lease that is over has left in the room.</summary>
    public async Task ClearAsync(string room, string lease, TimeSpan grace)
    {
        RedisValue cursor = "0";
        do
        {
            var page = (RedisResult[])(await redis.Database.ExecuteAsync("HSCAN", (RedisKey)keys.Members(room), cursor, "COUNT", Batch).Bounded(time))!;
            cursor = (RedisValue)page[0];
            var entries = (RedisResult[])page[1]!;
            var left = new List<PresentMember>();
            for (var i = 0; i < entries.Length; i += 2)
                if (RosterEntry.Read((string)entries[i]!, (byte[])entries[i + 1]!, out var leases) is { } member && leases.Contains(lease))
                    left.Add(member);
            foreach (var some in left.Chunk(Batch)) await LeaveAsync(room, some, lease, "", grace).Bounded(time); // a small hash comes in one page
        }
        while (cursor != "0");
    }

    /// <returns>The members in the order of their coming, and whose entries they are.</returns>
    public async Task<(List<PresentMember> Members, HashSet<string> Leases)> ListAsync(string room)
    {
        var entries = await redis.Database.HashGetAllAsync(keys.Members(room)).Bounded(time);
        var members = new List<PresentMember>(entries.Length);
        var all = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (RosterEntry.Read(entry.Name!, (byte[])entry.Value!, out var leases) is not { } member) continue;
            members.Add(member);
            all.UnionWith(leases);
        }
        members.Sort(PresentMember.ByComing);
        return (members, all);
    }

    private RedisValue LeaveFrame(string room, PresentMember member) => Frame(room, Announcement.Leave(room, member));

    private RedisValue Frame(string room, (Audience Audience, Message Message) announcement) =>
        rooms.PolicyOf(room).Announce ? BackplaneFrame.WriteMessage(announcement.Audience, announcement.Message) : "";

    private Task<RedisResult> EvaluateAsync(string script, string room, IEnumerable<RedisValue> own) => redis.Database.ScriptEvaluateAsync(
        script, RoomPublish.Keys(keys, room, keys.Members(room), keys.Leaving(room)), RoomPublish.Arguments(keys, room, rooms.PolicyOf(room).HasOffsets, own));
}
