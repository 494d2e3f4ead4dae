using Gateway.Core.Broadcast;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>
/// Clears up what dead replicas leave in the rooms of one Redis server. One of the remaining replicas does it, and if it dies meanwhile another one: what
/// is taken away is taken away, and told, once.
/// </summary>
internal sealed partial class Clearance(
    RedisConnection redis, RedisKeys keys, Lease lease, RosterRooms rooms, RosterIndex index, TimeSpan leaseLength, TimeSpan grace, TimeProvider time, ILogger<Clearance> logger)
{
    /// <summary>Does not fail; what did not go through is tried again after a later sighting.</summary>
    public async Task RunAsync(Sighting sighting)
    {
        try
        {
            foreach (var (dead, sign, silence) in sighting.Over)
                if (await lease.EndAsync(dead, sign))
                    await ClearAsync(dead, silence < grace ? grace - silence : TimeSpan.Zero);
            foreach (var dead in sighting.Dead)
                if (await redis.Database.StringSetAsync(keys.Clearing(dead), lease.Held.Current, leaseLength, When.NotExists).Bounded(time))
                    await ClearAsync(dead, grace);
        }
        catch (Exception fault) when (RedisConnection.IsAway(fault) || fault is BackplaneException)
        {
            Log.Interrupted(logger, fault.Message);
        }
        catch (Exception fault)
        {
            Log.Failed(logger, fault);
        }
    }

    /// <param name="left">How much of their grace its users still have.</param>
    private async Task ClearAsync(string dead, TimeSpan left)
    {
        var found = await redis.Database.SetMembersAsync(keys.RoomsOf(dead)).Bounded(time);
        await Parallel.ForEachAsync(found, RosterServer.SomeAtOnce, async (room, _) =>
        {
            await rooms.ClearAsync(room!, dead, left);
            index.Expect(room!, TimeSpan.Zero); // those who may come back there are ours to look after now
        });
        await redis.Database.SetRemoveAsync(keys.Dead, dead).Bounded(time);
        await redis.Database.KeyDeleteAsync([keys.RoomsOf(dead), keys.Clearing(dead)]).Bounded(time);
        Log.Cleared(logger, dead, found.Length);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Cleared up after the lease {Lease}: {Rooms} rooms")]
        public static partial void Cleared(ILogger logger, string lease, int rooms);

        [LoggerMessage(2, LogLevel.Warning, "Clearing up after a dead replica was interrupted, and is tried again: {Fault}")]
        public static partial void Interrupted(ILogger logger, string fault);

        [LoggerMessage(3, LogLevel.Error, "Clearing up after a dead replica failed, and is tried again")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
