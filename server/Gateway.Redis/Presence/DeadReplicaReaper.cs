using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>
/// Removes the members of dead replicas from the rooms of one Redis server. One replica does it at a time, and another takes over if that
/// one dies. Each member is removed and announced once.
/// </summary>
internal sealed partial class DeadReplicaReaper(
    RedisConnection server, RedisKeys keys, ReplicaLease lease, PresenceRooms rooms, PresenceIndex index, TimeSpan leaseLength,
    TimeSpan grace,
    Supervisor supervisor, ILogger<DeadReplicaReaper> logger)
{
    private readonly SupervisedLoop _loop = supervisor.Loop("presence_clearance");

    /// <summary>Never fails: what did not succeed is retried after a later heartbeat.</summary>
    public async Task RunAsync(HeartbeatResult heartbeat)
    {
        try
        {
            _loop.BeginStep();
            foreach (var expired in heartbeat.Expired)
                if (await lease.TryEndAsync(expired))
                    await RemoveMembersAsync(expired.Name, TimeSpan.Zero); // its users had the length of the lease to reconnect
            foreach (var ended in heartbeat.Ended)
                if (await TryLockAsync(ended))
                    await RemoveMembersAsync(ended, grace);
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

    private Task<bool> TryLockAsync(string endedLease) => server.ExecuteAsync(
        database => database.StringSetAsync(keys.CleanupLock(endedLease), lease.Name.Current, leaseLength, When.NotExists));

    /// <param name="remainingGrace">How long the users may still reconnect: the grace for a released lease, zero for an expired
    /// one.</param>
    private async Task RemoveMembersAsync(string dead, TimeSpan remainingGrace)
    {
        var roomNames = await server.ExecuteAsync(database => database.SetMembersAsync(keys.RoomsOfLease(dead)));
        await Parallel.ForEachAsync(roomNames, PresenceServer.Parallelism, async (room, _) =>
        {
            await rooms.RemoveLeaseAsync(room!, dead, remainingGrace);
            index.ScheduleExpiry(room!, TimeSpan.Zero); // this replica now removes those who do not reconnect
        });
        await server.ExecuteAsync(database => database.SetRemoveAsync(keys.EndedLeases, dead));
        await server.ExecuteAsync(database => database.KeyDeleteAsync([keys.RoomsOfLease(dead), keys.CleanupLock(dead)]));
        Log.Reaped(logger, dead, roomNames.Length);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Removed the members of the lease {Lease} from {Rooms} rooms")]
        public static partial void Reaped(ILogger logger, string lease, int rooms);

        [LoggerMessage(2, LogLevel.Warning, "Removing the members of a dead replica was interrupted and will be retried: {Fault}")]
        public static partial void Interrupted(ILogger logger, string fault);
    }
}
