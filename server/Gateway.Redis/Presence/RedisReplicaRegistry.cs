using Gateway.Core.Broadcast;
using Gateway.Core.Replicas;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Presence;

/// <summary>The replicas that share a Redis and its prefix.</summary>
internal sealed class RedisReplicaRegistry(RedisPresence presence, ReplicaStatus own) : IReplicaRegistry
{
    public IReadOnlyList<Replica> All => [own.Now, .. Lease.OtherReplicas];

    private ReplicaLease Lease => presence.For(RedisKeys.ReplicasTag).Lease;

    /// <summary>Reads Redis for a replica that the last heartbeat did not show, or showed without an address.</summary>
    public async ValueTask<Replica?> FindAsync(string id)
    {
        if (id == own.Id) return own.Now;
        if (Lease.OtherReplicas.FirstOrDefault(replica => replica.Id == id && replica.Address.Length > 0) is { } known) return known;
        try
        {
            return await Lease.FindReplicaAsync(id);
        }
        catch (BackplaneException)
        {
            return null; // Redis is unavailable: an unknown replica cannot be found
        }
    }
}
