using Gateway.Core.Messages;

namespace Gateway.Redis;

/// <summary>
/// The names of keys and channels. A room's carry its name as the hash tag, so that they live on one node of a Redis Cluster.
/// <code>
/// gw:{room}:position      hash: epoch, offset          gw:user:ID          channel of a user
/// gw:{room}:messages      channel of a room            gw:connection:ID    channel of a connection
/// gw:everyone             channel of all               gw:replica:ID       channel of a replica, for answers to it
/// </code>
/// </summary>
internal sealed class RedisKeys(string prefix)
{
    public string Position(string room) => $"{prefix}:{{{room}}}:position";

    public string Replica(string id) => $"{prefix}:replica:{id}";

    public string Channel(Audience audience) => audience.Kind switch
    {
        AudienceKind.Room => $"{prefix}:{{{audience.Name}}}:messages",
        AudienceKind.User => $"{prefix}:user:{audience.Name}",
        AudienceKind.Connection => $"{prefix}:connection:{audience.Name}",
        _ => $"{prefix}:everyone",
    };
}
