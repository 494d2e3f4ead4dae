namespace Gateway.Redis.Rooms;

/// <summary>What Redis does with a room in one step. All keys of a call carry the room's hash tag.</summary>
internal static class RoomScripts
{
    /// <summary>
    /// Takes a batch of messages: numbers, keeps and publishes each.
    /// <code>
    /// KEYS  those of <see cref="RoomPublish"/>, taken, then a key for each message that is to be taken once
    /// ARGV  1 to 7 those of <see cref="RoomPublish"/>, 8 the batch's number, 9 ms that a taken batch is known, 10 ms that a message taken once is known,
    ///       then for each message the index of its key in KEYS, or 0, and its frame
    /// </code>
    /// Returns <c>{0, epoch, offset, subscribers, …}</c>, three for each message; <c>{1, …}</c> with the same if this very batch had been taken before (the answer was lost
    /// on its way); <c>{2}</c> if a later batch of this replica was: this one comes too late and is not taken.
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
    /// ARGV  1 a new epoch, 2 ms that the position lives, 3 first and 4 last offset wanted, 5 how many at most (0: only the position), 6 '1': the newest of them first,
    ///       7 ms that the position lives as long as nothing has been said
    /// </code>
    /// Returns <c>{epoch, offset, ms now, entries}</c>. A room that nothing is known of begins, under the new epoch. Until something is said there it lives only as long as somebody looks.
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
    /// Redis has come back with less than it had: the room begins anew, unless it has already.
    /// <code>
    /// KEYS  position, history
    /// ARGV  1 a new epoch, 2 ms that the position lives, 3 and 4 a position that is known to have been reached
    /// </code>
    /// </summary>
    public const string Renew = """
        local at = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
        if at[1] ~= ARGV[3] or tonumber(at[2] or '0') >= tonumber(ARGV[4]) then return 0 end
        redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'offset', '0')
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        redis.call('DEL', KEYS[2])
        return 1
        """;
}
