using Gateway.Core.Messages;

namespace Gateway.Redis;

/// <summary>
/// The names of keys and channels. A room's carry its name as the hash tag, so that they live on one node of a Redis Cluster.
/// <code>
/// gw:{room}:position        hash: epoch, offset                    gw:user:ID          channel of a user
/// gw:{room}:history         stream: the newest messages            gw:connection:ID    channel of a connection
/// gw:{room}:taken:REPLICA   the last batch taken from a replica    gw:everyone         channel of all
/// gw:{room}:once:KEY        the place of a message to be           gw:replica:ID       channel of a replica, for answers to it
///                           taken once
/// gw:{room}:messages        channel of a room
/// </code>
/// </summary>
internal sealed class RedisKeys(string prefix)
{
    public string Position(string room) => $"{prefix}:{{{room}}}:position";

    public string History(string room) => $"{prefix}:{{{room}}}:history";

    public string Taken(string room, string replica) => $"{prefix}:{{{room}}}:taken:{replica}";

    public string Once(string room, string key) => $"{prefix}:{{{room}}}:once:{key}";

    public string Replica(string id) => $"{prefix}:replica:{id}";

    public string Channel(Audience audience) => audience.Kind switch
    {
        AudienceKind.Room => $"{prefix}:{{{audience.Name}}}:messages",
        AudienceKind.User => $"{prefix}:user:{audience.Name}",
        AudienceKind.Connection => $"{prefix}:connection:{audience.Name}",
        _ => $"{prefix}:everyone",
    };
}
