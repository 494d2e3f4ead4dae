namespace Gateway.Redis.Moderation;

/// <summary>
/// What Redis does with restrictions in one step.
/// <code>
/// KEYS  standing  hash: a restriction's key, the restriction as JSON; '#': how many changes there were; '': which data this is, new when Redis has lost the old
///       ends      sorted set: a restriction's key, and the ms at which it is over
/// </code>
/// A replica that has seen all changes up to a number, of the same data, knows all that stands.
/// </summary>
internal static class RestrictionScripts
{
    private const string Data = """
        local data = redis.call('HGET', KEYS[1], '')
        if not data then data = ARGV[1] redis.call('HSET', KEYS[1], '', data) end

        """;

    /// <summary>
    /// <code>
    /// ARGV  1 name for new data, 2 channel, 3 'impose', 'restore' (unless something stands there) or 'lift', 4 the restriction's key, 5 the restriction, 6 ms at which it is over, or ''
    /// </code>
    /// Returns <c>{1 if something changed, data, number of the change}</c>. A change is published as <c>DATA NUMBER OP JSON</c>.
    /// </summary>
    public const string Change = Data + """
        local stands = redis.call('HEXISTS', KEYS[1], ARGV[4]) == 1
        if (ARGV[3] == 'lift' and not stands) or (ARGV[3] == 'restore' and stands) then return {0, data, redis.call('HGET', KEYS[1], '#') or '0'} end
        if ARGV[3] == 'lift' then
          redis.call('HDEL', KEYS[1], ARGV[4])
          redis.call('ZREM', KEYS[2], ARGV[4])
        else
          redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
          if ARGV[6] == '' then redis.call('ZREM', KEYS[2], ARGV[4]) else redis.call('ZADD', KEYS[2], ARGV[6], ARGV[4]) end
        end
        local time = redis.call('TIME')
        local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
        for _, over in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 100)) do
          redis.call('HDEL', KEYS[1], over)
          redis.call('ZREM', KEYS[2], over)
        end
        local number = redis.call('HINCRBY', KEYS[1], '#', 1)
        redis.call('PUBLISH', ARGV[2], data .. ' ' .. number .. ' ' .. ARGV[3] .. ' ' .. ARGV[5])
        return {1, data, number}
        """;

    /// <summary>
    /// <code>
    /// ARGV  1 name for new data, 2 data and 3 number of the last change that are known
    /// </code>
    /// Returns <c>{data, number, all fields and values}</c>; the third is empty if that is what is known.
    /// </summary>
    public const string Read = Data + """
        local number = redis.call('HGET', KEYS[1], '#') or '0'
        if data == ARGV[2] and number == ARGV[3] then return {data, number, {}} end
        return {data, number, redis.call('HGETALL', KEYS[1])}
        """;
}
