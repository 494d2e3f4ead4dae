using Gateway.Core.Broadcast;
using Gateway.Core.Replicas;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Presence;

/// <summary>The replicas that share a Redis and its prefix.</summary>
internal sealed class RedisReplicaRegistry(RedisPresence presence, ReplicaStatus own) : IReplicaRegistry
{
    public IReadOnlyList<Replica> All => [own.Now, .. Lease.Others];

    private Lease Lease => presence.For(RedisKeys.Replicas).Lease;

    /// <summary>One that has just come, or has just learned its address, is not among those of the last sign: Redis is asked for it.</summary>
    public async ValueTask<Replica?> FindAsync(string id)
    {
        if (id == own.Id) return own.Now;
        if (Lease.Others.FirstOrDefault(replica => replica.Id == id && replica.Address.Length > 0) is { } known) return known;
        try
        {
            return await Lease.LookUpAsync(id);
        }
        catch (BackplaneException)
        {
            return null; // Redis is away: whoever is not known yet is not found
        }
    }
}
