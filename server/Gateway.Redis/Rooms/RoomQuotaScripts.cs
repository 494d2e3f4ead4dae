using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// What rooms hold in one Redis server is known there, so that any replica can go on with it. Scripts of a room have its hash tag, those of the index that of <see cref="RedisKeys.Rooms"/>.
/// <code>
/// gw:{rooms}:used    sorted set: room, when something was last said there (Unix milliseconds)
/// gw:{rooms}:sizes   hash: room, about how many bytes its position and its history take
/// gw:{rooms}:total   the sum of the sizes
/// </code>
/// </summary>
internal static class RoomQuotaScripts
{
    /// <summary>KEYS: position, history. Returns about how many bytes they take; 0: there is neither.</summary>
    public const string Measure = """
        return (redis.call('MEMORY', 'USAGE', KEYS[1]) or 0) + (redis.call('MEMORY', 'USAGE', KEYS[2]) or 0)
        """;

    /// <summary>
    /// KEYS: used, sizes, total. ARGV: '1' if something was said in these rooms just now, then for each: room, bytes. Returns the total.
    /// </summary>
    public const string Note = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        local delta = 0
        for i = 2, #ARGV, 2 do
          local room, bytes = ARGV[i], tonumber(ARGV[i + 1])
          delta = delta + bytes - tonumber(redis.call('HGET', KEYS[2], room) or '0')
          if bytes == 0 then
            redis.call('HDEL', KEYS[2], room)
            redis.call('ZREM', KEYS[1], room)
          else
            redis.call('HSET', KEYS[2], room, bytes)
            if ARGV[1] == '1' then redis.call('ZADD', KEYS[1], now, room)
            else redis.call('ZADD', KEYS[1], 'NX', now, room) end
          end
        end
        return redis.call('INCRBY', KEYS[3], delta)
        """;

    /// <summary>
    /// KEYS: position, history. ARGV[1]: the room's channel. The room forgets its history; where no replica listens, its position too, and it begins anew with the next message.
    /// Returns the bytes that are left.
    /// </summary>
    public const string Evict = """
        redis.call('DEL', KEYS[2])
        if redis.call('PUBSUB', 'NUMSUB', ARGV[1])[2] == 0 then redis.call('DEL', KEYS[1]) end
        return redis.call('MEMORY', 'USAGE', KEYS[1]) or 0
        """;
}
