namespace Gateway.Redis.Rooms;

/// <summary>The scripts for one room. All keys of a call have the room's hash tag.</summary>
internal static class RoomScripts
{
    /// <summary>
    /// Applies a batch of messages: numbers, stores and publishes each.
    /// <code>
    /// KEYS  those of <see cref="RoomPublish"/>, taken, then a key for each message with an idempotency key
    /// ARGV  1 to 7 those of <see cref="RoomPublish"/>, 8 the batch's number, 9 ms for which an applied batch is remembered,
    ///       10 ms for which an idempotency key is remembered, then for each message the index of its key in KEYS, or 0, and its frame
    /// </code>
    /// Returns <c>{0, epoch, offset, subscribers, …}</c>, three values for each message; <c>{1, …}</c> with the same values if this batch
    /// was applied before and its reply was lost; <c>{2}</c> if a later batch of this replica was applied, so this one is not.
    /// </summary>
    public const string Publish = RoomPublish.Functions + """
        local taken = redis.call('GET', KEYS[3])
        if taken then
          local words = {}
          for word in string.gmatch(taken, '%S+') do words[#words + 1] = word end
          local last = tonumber(words[1])
          if last == tonumber(ARGV[8]) then words[1] = 1 return words end
          if last > tonumber(ARGV[8]) then return {2} end
        end
        local result = {0}
        for i = 11, #ARGV, 2 do
          local once = tonumber(ARGV[i])
          local first = once > 0 and redis.call('GET', KEYS[once])
          local e, o, subscribers
          if first then
            e, o = string.match(first, '^(%S+) (%d+)$')
            subscribers = 1
          else
            e, o, subscribers = publish(ARGV[i + 1])
            if once > 0 then redis.call('SET', KEYS[once], e .. ' ' .. o, 'PX', ARGV[10]) end
          end
          result[#result + 1] = e
          result[#result + 1] = o
          result[#result + 1] = subscribers
        end
        commit()
        redis.call('SET', KEYS[3], ARGV[8] .. ' ' .. table.concat(result, ' ', 2), 'PX', ARGV[9])
        return result
        """;

    /// <summary>
    /// <code>
    /// KEYS  position, history
    /// ARGV  1 a new epoch, 2 lifetime of the position in ms, 3 first and 4 last offset, 5 maximum number of messages
    ///       (0: the position only), 6 '1': newest first, 7 lifetime of the position in ms while the room has no message
    /// </code>
    /// Returns <c>{epoch, offset, ms now, entries}</c>. An unknown room starts under the new epoch. Until its first message, it is
    /// remembered only as long as replicas keep reading it.
    /// </summary>
    public const string Read = """
        if redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1]) == 1 then redis.call('DEL', KEYS[2]) end
        local at = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
        redis.call('PEXPIRE', KEYS[1], (at[2] or '0') ~= '0' and ARGV[2] or ARGV[7])
        local now = redis.call('TIME')
        local entries = {}
        if ARGV[5] ~= '0' then
          if ARGV[6] == '1' then entries = redis.call('XREVRANGE', KEYS[2], ARGV[4], ARGV[3], 'COUNT', ARGV[5])
          else entries = redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5]) end
        end
        return {at[1], at[2] or '0', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)), entries}
        """;

    /// <summary>
    /// Starts a new epoch after Redis has lost data, unless another replica has done so.
    /// <code>
    /// KEYS  position, history
    /// ARGV  1 a new epoch, 2 lifetime of the position in ms, 3 and 4 a position that was reached for certain
    /// </code>
    /// </summary>
    public const string StartNewEpoch = """
        local at = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
        if at[1] ~= ARGV[3] or tonumber(at[2] or '0') >= tonumber(ARGV[4]) then return 0 end
        redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'offset', '0')
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        redis.call('DEL', KEYS[2])
        return 1
        """;
}
