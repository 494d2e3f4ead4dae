using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// The scripts that measure and limit the rooms of one Redis server. Redis has the sizes, so any replica can continue. A script for a room
/// has the room's hash tag; a script for the index has <see cref="RedisKeys.RoomsTag"/>.
/// <code>
/// gw:{rooms}:used    sorted set: room, time of the last message (Unix milliseconds)
/// gw:{rooms}:sizes   hash: room, about how many bytes its position and its history take
/// gw:{rooms}:total   the sum of the sizes
/// </code>
/// </summary>
internal static class RoomQuotaScripts
{
    /// <summary>KEYS: position, history. Returns about how many bytes they take; 0 if they do not exist.</summary>
    public const string Measure = """
        return (redis.call('MEMORY', 'USAGE', KEYS[1]) or 0) + (redis.call('MEMORY', 'USAGE', KEYS[2]) or 0)
        """;

    /// <summary>
    /// KEYS: used, sizes, total. ARGV: '1' if the rooms were used just now, then for each: room, bytes. Returns the total.
    /// </summary>
    public const string UpdateSizes = """
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
    /// KEYS: position, history. ARGV[1]: the room's channel. Deletes the history. If no replica subscribes to the room, deletes its
    /// position too, and the next message starts a new epoch. Returns the bytes that remain.
    /// </summary>
    public const string Evict = """
        redis.call('DEL', KEYS[2])
        if redis.call('PUBSUB', 'NUMSUB', ARGV[1])[2] == 0 then redis.call('DEL', KEYS[1]) end
        return redis.call('MEMORY', 'USAGE', KEYS[1]) or 0
        """;
}
