using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>
/// Clears up what dead replicas leave in the rooms of one Redis server. One of the remaining replicas does it, and if it dies meanwhile another one: what
/// is taken away is taken away, and told, once.
/// </summary>
internal sealed partial class DeadReplicaReaper(
    RedisConnection server, RedisKeys keys, Lease lease, PresenceRooms rooms, PresenceIndex index, TimeSpan leaseLength, TimeSpan grace, Supervisor supervisor,
    ILogger<DeadReplicaReaper> logger)
{
    private readonly SupervisedLoop _loop = supervisor.Loop("presence_clearance");

    /// <summary>Does not fail; what did not go through is tried again after a later sighting.</summary>
    public async Task RunAsync(HeartbeatResult sighting)
    {
        try
        {
            _loop.BeginStep();
            foreach (var (dead, sign, _) in sighting.Over)
                if (await lease.EndAsync(dead, sign))
                    await ClearAsync(dead, TimeSpan.Zero); // its users had the lease to come back, whatever the grace of those who only lose a connection
            foreach (var dead in sighting.Dead)
                if (await server.AskAsync(database => database.StringSetAsync(keys.Clearing(dead), lease.Held.Current, leaseLength, When.NotExists)))
                    await ClearAsync(dead, grace);
        }
        catch (BackplaneException fault)
        {
            Log.Interrupted(logger, fault.Message);
        }
        catch (Exception fault)
        {
            _loop.Report(fault);
        }
    }

    /// <param name="left">How long its users still have to come back: the grace after a lease that was given back, nothing after one that ran out.</param>
    private async Task ClearAsync(string dead, TimeSpan left)
    {
        var found = await server.AskAsync(database => database.SetMembersAsync(keys.RoomsOf(dead)));
        await Parallel.ForEachAsync(found, PresenceServer.SomeAtOnce, async (room, _) =>
        {
            await rooms.ClearAsync(room!, dead, left);
            index.Expect(room!, TimeSpan.Zero); // those who may come back there are ours to look after now
        });
        await server.AskAsync(database => database.SetRemoveAsync(keys.Dead, dead));
        await server.AskAsync(database => database.KeyDeleteAsync([keys.RoomsOf(dead), keys.Clearing(dead)]));
        Log.Cleared(logger, dead, found.Length);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Cleared up after the lease {Lease}: {Rooms} rooms")]
        public static partial void Cleared(ILogger logger, string lease, int rooms);

        [LoggerMessage(2, LogLevel.Warning, "Clearing up after a dead replica was interrupted, and is tried again: {Fault}")]
        public static partial void Interrupted(ILogger logger, string fault);
    }
}
