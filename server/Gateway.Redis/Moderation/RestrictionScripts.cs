namespace Gateway.Redis.Moderation;

/// <summary>
/// The scripts for restrictions.
/// <code>
/// KEYS  standing  hash: a restriction's key, the restriction as JSON; '#': the number of changes; '': the id of the data,
///                 new after a loss of data
///       ends      sorted set: a restriction's key, the time in ms at which it ends
/// </code>
/// A replica that has seen all changes up to a number, with the same id of the data, knows all active restrictions.
/// </summary>
internal static class RestrictionScripts
{
    private const string Data = """
        local data = redis.call('HGET', KEYS[1], '')
        if not data then data = ARGV[1] redis.call('HSET', KEYS[1], '', data) end

        """;

    /// <summary>
    /// <code>
    /// ARGV  1 id for new data, 2 channel, 3 'impose', 'restore' (only if the restriction does not exist) or 'lift',
    ///       4 the restriction's key, 5 the restriction, 6 time in ms at which it ends, or ''
    /// </code>
    /// Returns <c>{1 if something changed, data, number of the change}</c>. A change is published as <c>DATA NUMBER OP JSON</c>.
    /// </summary>
    public const string Change = Data + """
        local exists = redis.call('HEXISTS', KEYS[1], ARGV[4]) == 1
        if (ARGV[3] == 'lift' and not exists) or (ARGV[3] == 'restore' and exists) then
          return {0, data, redis.call('HGET', KEYS[1], '#') or '0'}
        end
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
    /// ARGV  1 id for new data, 2 the known id of the data, 3 the known number of changes
    /// </code>
    /// Returns <c>{id of the data, number of changes, all fields and values}</c>; the third is empty if nothing has changed.
    /// </summary>
    public const string Read = Data + """
        local number = redis.call('HGET', KEYS[1], '#') or '0'
        if data == ARGV[2] and number == ARGV[3] then return {data, number, {}} end
        return {data, number, redis.call('HGETALL', KEYS[1])}
        """;
}
