using Gateway.Core.Messages;

namespace Gateway.Redis.Servers;

/// <summary>
/// The names of keys and channels. The keys of a room have its name as their hash tag, so they live on one node of a Redis Cluster.
/// <code>
/// Rooms
/// gw:{room}:position             hash: epoch, offset
/// gw:{room}:history              stream: the newest messages
/// gw:{room}:taken:REPLICA        the last batch applied from a replica
/// gw:{room}:once:KEY             the position of a message that was published with an idempotency key
/// gw:{room}:messages             channel of the room
/// gw:{room}:members              hash: user, presence entries by lease
/// gw:{room}:leaving              sorted set: users without a connection, and when their grace ends
/// gw:{rooms}:used                sorted set: room, last use
/// gw:{rooms}:sizes               hash: room, bytes
/// gw:{rooms}:total               bytes of all rooms
/// gw:{rooms}:sweep               lock of the replica that corrects sizes and evicts
///
/// Replicas
/// gw:{replicas}:alive            hash: lease, heartbeat
/// gw:{replicas}:dead             set: ended leases that still have members
/// gw:{replicas}:rooms:LEASE      set: rooms in which a lease has members
/// gw:{replicas}:clearing:LEASE   lock of the replica that removes an ended lease's members
/// gw:{replicas}:key              the secret that the replicas share
/// gw:{replicas}:probe            written to find out whether the server accepts writes
/// gw:questions                   channel for cluster queries
/// gw:answers:ID                  channel of a replica for cluster replies
/// gw:replica:ID                  channel of a replica for replies to its remote commands
/// gw:counts:ID                   channel of a replica for receiver counts
///
/// Users, connections, requests
/// gw:{sanctions}:standing        hash: active restrictions
/// gw:{sanctions}:ends            sorted set: when restrictions end
/// gw:{sanctions}:changed         channel for changes of restrictions
/// gw:{ID}:budget                 hash: what a user's quota has granted in the current window
/// gw:user:ID                     channel of a user
/// gw:connection:ID               channel of a connection
/// gw:everyone                    channel of all connections
/// gw:request:KEY                 the idempotency key of an admin request
/// </code>
/// The suffixes of room keys differ from those of all other keys with a hash tag, so a room may be called "replicas", "rooms" or
/// "sanctions". In a hash tag, the characters {, } and % are percent-encoded. Otherwise a room called "}x" would have an empty tag and keys
/// on several nodes.
/// </summary>
internal sealed class RedisKeys(string prefix)
{
    /// <summary>The hash tag of keys about replicas.</summary>
    public const string ReplicasTag = "replicas";

    /// <summary>The hash tag of keys about restrictions.</summary>
    public const string RestrictionsTag = "sanctions";

    /// <summary>The hash tag of keys about all rooms together.</summary>
    public const string RoomsTag = "rooms";

    public string RoomsLastUse => $"{prefix}:{{{RoomsTag}}}:used";

    public string RoomsSizes => $"{prefix}:{{{RoomsTag}}}:sizes";

    public string RoomsTotal => $"{prefix}:{{{RoomsTag}}}:total";

    public string RoomsCleanupLock => $"{prefix}:{{{RoomsTag}}}:sweep";

    public string Restrictions => $"{prefix}:{{{RestrictionsTag}}}:standing";

    public string RestrictionExpiries => $"{prefix}:{{{RestrictionsTag}}}:ends";

    public string RestrictionsChannel => $"{prefix}:{{{RestrictionsTag}}}:changed";

    public string ClusterQueries => $"{prefix}:questions";

    public string ClusterReplies(string replica) => $"{prefix}:answers:{replica}";

    public string IdempotencyKey(string key) => $"{prefix}:request:{key}";

    public string UserQuota(string userId) => $"{prefix}:{Tag(userId)}:budget";

    public string Position(string room) => $"{prefix}:{Tag(room)}:position";

    public string History(string room) => $"{prefix}:{Tag(room)}:history";

    public string LastBatch(string room, string replica) => $"{prefix}:{Tag(room)}:taken:{replica}";

    public string MessageIdempotencyKey(string room, string key) => $"{prefix}:{Tag(room)}:once:{key}";

    public string Members(string room) => $"{prefix}:{Tag(room)}:members";

    public string Leaving(string room) => $"{prefix}:{Tag(room)}:leaving";

    public string ActiveLeases => $"{prefix}:{{{ReplicasTag}}}:alive";

    public string EndedLeases => $"{prefix}:{{{ReplicasTag}}}:dead";

    public string SharedReplicaKey => $"{prefix}:{{{ReplicasTag}}}:key";

    /// <summary>Written every second to find out whether the server accepts writes.</summary>
    public string Probe => $"{prefix}:{{{ReplicasTag}}}:probe";

    public string RoomsOfLease(string lease) => $"{prefix}:{{{ReplicasTag}}}:rooms:{lease}";

    public string CleanupLock(string lease) => $"{prefix}:{{{ReplicasTag}}}:clearing:{lease}";

    public string Replica(string id) => $"{prefix}:replica:{id}";

    public string ReceiverCounts(string replica) => $"{prefix}:counts:{replica}";

    public string Channel(Audience audience) => audience.Kind switch
    {
        AudienceKind.Room => $"{prefix}:{Tag(audience.Name)}:messages",
        AudienceKind.User => $"{prefix}:user:{audience.Name}",
        AudienceKind.Connection => $"{prefix}:connection:{audience.Name}",
        _ => $"{prefix}:everyone",
    };

    private static string Tag(string name)
    {
        if (name.AsSpan().IndexOfAny('{', '}', '%') < 0) return $"{{{name}}}";
        var encoded = name
            .Replace("%", "%25", StringComparison.Ordinal)
            .Replace("{", "%7B", StringComparison.Ordinal)
            .Replace("}", "%7D", StringComparison.Ordinal);
        return $"{{{encoded}}}";
    }
}
