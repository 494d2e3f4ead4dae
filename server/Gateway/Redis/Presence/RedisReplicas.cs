using Gateway.Core.Presence;

namespace Gateway.Redis.Presence;

/// <summary>The replicas that share a Redis and its prefix.</summary>
internal sealed class RedisReplicas(RedisPresence presence, OwnReplica own) : IReplicas
{
    public IReadOnlyList<Replica> All => [own.Now, .. presence.For(RedisKeys.Replicas).Lease.Others];
}
