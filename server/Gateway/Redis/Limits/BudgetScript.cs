namespace Gateway.Redis.Limits;

/// <summary>A user's budget in Redis: a sliding window, of which replicas take slices.</summary>
internal static class BudgetScript
{
    /// <summary>
    /// <code>
    /// KEYS  hash: start of the window (ms), what was taken in the previous one and in this one
    /// ARGV  1 messages in a window, 2 ms of a window, 3 used beyond what was granted, or (negative) given back, 4 '1' to be granted more
    /// </code>
    /// Grants half of what is free, so that several replicas share it, and whoever is alone gets all of it in a few steps. Returns <c>{granted, ms until something will be free}</c>.
    /// </summary>
    public const string Take = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
        local kept = redis.call('HMGET', KEYS[1], 'start', 'previous', 'current')
        local start, previous, current = tonumber(kept[1] or now), tonumber(kept[2] or 0), tonumber(kept[3] or 0)
        local age = (now - start) / window
        if age >= 2 then
          start, previous, current, age = now, 0, 0, 0
        elseif age >= 1 then
          start, previous, current, age = start + window, current, 0, age - 1
        end
        current = current + tonumber(ARGV[3])
        if current < 0 then previous, current = math.max(0, previous + current), 0 end
        local free = math.floor(limit - previous * (1 - age) - current)
        local granted, wait = 0, 0
        if ARGV[4] == '1' then
          if free > 0 then
            granted = math.ceil(free / 2)
            current = current + granted
          else
            local at
            if current < limit and previous > 0 then at = 1 - (limit - 1 - current) / previous else at = 2 - (limit - 1) / current end
            wait = math.ceil(window * math.max(at - age, 0.001))
          end
        end
        redis.call('HSET', KEYS[1], 'start', string.format('%.0f', start), 'previous', previous, 'current', current)
        redis.call('PEXPIRE', KEYS[1], 2 * window)
        return {granted, wait}
        """;
}
