namespace Gateway.Redis.Limits;

/// <summary>The script for a user's quota in Redis: a sliding window of what replicas were granted.</summary>
internal static class UserQuotaScript
{
    /// <summary>The number of parts of a window. A grant is kept under the part in which it was made.</summary>
    public const int Parts = 64;

    /// <summary>
    /// <code>
    /// KEYS  hash: part of the window, counted from the epoch → messages granted in it. A grant counts until its whole part
    ///       has left the window
    /// ARGV  1 messages per window, 2 window in ms, 3 messages overdrawn, or (negative) returned, 4 '1' to lease more
    /// </code>
    /// Never grants more than the quota in any window, wherever it lies, and refuses for at most one part longer than necessary. Grants
    /// half of what is free, so several replicas share it, and a single one has all of it in a few steps. Returns <c>{granted, ms until
    /// some of it is free}</c>.
    /// </summary>
    public const string Lease = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
        local part = math.max(1, math.floor(window / 64))
        local current = math.floor(now / part)
        local kept, parts, granted, taken, total = redis.call('HGETALL', KEYS[1]), {}, {}, 0, 0
        for i = 1, #kept, 2 do
          local at = tonumber(kept[i])
          if at and (at + 1) * part + window > now then
            granted[at] = tonumber(kept[i + 1])
            total = total + granted[at]
            table.insert(parts, at)
          else
            redis.call('HDEL', KEYS[1], kept[i])
          end
        end
        table.sort(parts)
        local booked = tonumber(ARGV[3])
        for i = #parts, 1, -1 do
          local back = math.min(granted[parts[i]], -booked)
          if back <= 0 then break end
          granted[parts[i]] = granted[parts[i]] - back
          redis.call('HSET', KEYS[1], parts[i], granted[parts[i]])
          booked, total = booked + back, total - back
        end
        taken = math.max(0, booked)
        local free, more, wait = limit - total - taken, 0, 0
        if ARGV[4] == '1' then
          if free > 0 then
            more = math.ceil(free / 2)
          else
            local left = 1 - free
            wait = window + part
            for _, at in ipairs(parts) do
              left = left - granted[at]
              if left <= 0 then
                wait = (at + 1) * part + window - now
                break
              end
            end
          end
        end
        if taken + more > 0 then redis.call('HINCRBY', KEYS[1], string.format('%.0f', current), taken + more) end
        redis.call('PEXPIRE', KEYS[1], window + 2 * part)
        return {more, wait}
        """;
}
