using Gateway.Core.Messages;

namespace Gateway.Redis.Servers;

/// <summary>
/// The names of keys and channels. A room's carry its name as the hash tag, so that they live on one node of a Redis Cluster.
/// <code>
/// gw:{room}:position        hash: epoch, offset                    gw:user:ID          channel of a user
/// gw:{room}:history         stream: the newest messages            gw:connection:ID    channel of a connection
/// gw:{room}:taken:REPLICA   the last batch taken from a replica    gw:everyone         channel of all
/// gw:{room}:once:KEY        the place of a message to be           gw:replica:ID       channel of a replica, for answers to it
///                           taken once
/// gw:{room}:messages        channel of a room                      gw:counts:ID         channel of a replica, for counts that it asked for
///
/// gw:{room}:members         hash: user, where it is                gw:{room}:leaving  sorted set: users who may come back, and until when
/// gw:{replicas}:alive       hash: lease, replica                   gw:{replicas}:rooms:LEASE     set: rooms in which a lease has members
/// gw:{replicas}:dead        set: leases that are over              gw:{replicas}:clearing:LEASE  who clears up after it
/// gw:{replicas}:key         the secret that the replicas share        gw:{replicas}:probe            written to see whether the server takes writes
///
/// gw:{restrictions}:standing   hash: what holds against users         gw:{restrictions}:changed  channel of the changes
/// gw:{restrictions}:ends       sorted set: when that is over          gw:questions            channel for questions to all replicas
/// gw:{ID}:budget            hash: what a user has sent lately      gw:answers:ID           channel of a replica, for their answers
/// gw:request:KEY            an admin request to be carried out once
///
/// gw:{rooms}:used           sorted set: room, last use             gw:{rooms}:sizes         hash: room, bytes
/// gw:{rooms}:total          bytes of all rooms                     gw:{rooms}:sweep         one replica is looking after them
/// </code>
/// No key of a room ends like one of the replicas, so a room may be called that; nor like one of the restrictions, of a user, or of what all rooms hold.
/// In a hash tag { } and % are percent-encoded: a room called "}x" would otherwise have an empty tag, and its keys would be on several nodes.
/// </summary>
internal sealed class RedisKeys(string prefix)
{
    /// <summary>What the keys about replicas have for a room's name.</summary>
    public const string Replicas = "replicas";

    /// <summary>What the keys about restrictions have for a room's name.</summary>
    public const string Restrictions = "restrictions";

    /// <summary>What the keys about what all rooms hold have for a room's name.</summary>
    public const string Rooms = "rooms";

    public string RoomsUsed => $"{prefix}:{{{Rooms}}}:used";

    public string RoomsSizes => $"{prefix}:{{{Rooms}}}:sizes";

    public string RoomsTotal => $"{prefix}:{{{Rooms}}}:total";

    public string RoomsSweep => $"{prefix}:{{{Rooms}}}:sweep";

    public string Restricted => $"{prefix}:{{{Restrictions}}}:standing";

    public string RestrictionEnds => $"{prefix}:{{{Restrictions}}}:ends";

    public string RestrictionsChannel => $"{prefix}:{{{Restrictions}}}:changed";

    public string Questions => $"{prefix}:questions";

    public string Replies(string replica) => $"{prefix}:answers:{replica}";

    public string Request(string key) => $"{prefix}:request:{key}";

    public string Budget(string userId) => $"{prefix}:{Tag(userId)}:budget";

    public string Position(string room) => $"{prefix}:{Tag(room)}:position";

    public string History(string room) => $"{prefix}:{Tag(room)}:history";

    public string Taken(string room, string replica) => $"{prefix}:{Tag(room)}:taken:{replica}";

    public string Once(string room, string key) => $"{prefix}:{Tag(room)}:once:{key}";

    public string Members(string room) => $"{prefix}:{Tag(room)}:members";

    public string Leaving(string room) => $"{prefix}:{Tag(room)}:leaving";

    public string Alive => $"{prefix}:{{{Replicas}}}:alive";

    public string Dead => $"{prefix}:{{{Replicas}}}:dead";

    public string Key => $"{prefix}:{{{Replicas}}}:key";

    /// <summary>Written every second, to see whether the server takes writes.</summary>
    public string Probe => $"{prefix}:{{{Replicas}}}:probe";

    public string RoomsOf(string lease) => $"{prefix}:{{{Replicas}}}:rooms:{lease}";

    public string Clearing(string lease) => $"{prefix}:{{{Replicas}}}:clearing:{lease}";

    public string Replica(string id) => $"{prefix}:replica:{id}";

    public string Counts(string replica) => $"{prefix}:counts:{replica}";

    public string Channel(Audience audience) => audience.Kind switch
    {
        AudienceKind.Room => $"{prefix}:{Tag(audience.Name)}:messages",
        AudienceKind.User => $"{prefix}:user:{audience.Name}",
        AudienceKind.Connection => $"{prefix}:connection:{audience.Name}",
        _ => $"{prefix}:everyone",
    };

    private static string Tag(string name) => name.AsSpan().IndexOfAny('{', '}', '%') < 0
        ? $"{{{name}}}"
        : $"{{{name.Replace("%", "%25", StringComparison.Ordinal).Replace("{", "%7B", StringComparison.Ordinal).Replace("}", "%7D", StringComparison.Ordinal)}}}";
}
