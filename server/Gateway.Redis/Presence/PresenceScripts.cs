namespace Gateway.Redis.Presence;

/// <summary>
/// The steps in which a user comes into a room, changes, and leaves it. Each is one script, which also decides whether the room's members are told and
/// tells them: so they are told once, in the order in which it happened, whatever becomes of the replica that ran it. All may be run again.
/// <code>
/// gw:{room}:members   user → {"LEASE":{"username","client_id"?,"status","status_at"?,"connected_at","connections"}, …}, times in Unix milliseconds.
///                     While the user has no connection and may come back, the one entry stands under the lease "".
/// gw:{room}:leaving   user → when that is over, by the clock of Redis
/// </code>
/// KEYS: members, leaving. ARGV[1] is the room's channel. A frame is empty where nobody is to be told. Announcements have no offset and are not kept.
/// </summary>
internal static class PresenceScripts
{
    private const string Announce = """
        local function announce(frame)
          if frame ~= '' then redis.call('PUBLISH', ARGV[1], '::' .. frame) end
        end

        """;

    private const string Now = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

        """;

    /// <summary>The user is in the room on this lease, as the entry says. ARGV: user, lease, the lease that this one follows or '', entry, frame of the join.</summary>
    public const string Enter = Announce + """
        local user = ARGV[2]
        local was = redis.call('HGET', KEYS[1], user)
        local at = was and cjson.decode(was) or {}
        if at[''] then
          at[''] = nil
          redis.call('ZREM', KEYS[2], user)
        end
        at[ARGV[4]] = nil
        at[ARGV[3]] = cjson.decode(ARGV[5])
        redis.call('HSET', KEYS[1], user, cjson.encode(at))
        if not was then announce(ARGV[6]) end
        """;

    /// <summary>
    /// Users are no longer in the room on this lease. ARGV: lease, the one that it follows or '', milliseconds of grace, then for each user: user, frame of the
    /// leave, and the entry to take it from if Redis has forgotten the user, or ''. Returns how many may come back.
    /// </summary>
    public const string Leave = Announce + Now + """
        local lease, former, grace, lingering = ARGV[2], ARGV[3], tonumber(ARGV[4]), 0
        for i = 5, #ARGV, 3 do
          local user, frame = ARGV[i], ARGV[i + 1]
          local was = redis.call('HGET', KEYS[1], user)
          local at = was and cjson.decode(was) or {}
          local last = at[lease]
          if former ~= '' then last = last or at[former] end
          if not was and ARGV[i + 2] ~= '' then last = cjson.decode(ARGV[i + 2]) end
          if last then
            at[lease] = nil
            if former ~= '' then at[former] = nil end
            if next(at) then
              redis.call('HSET', KEYS[1], user, cjson.encode(at))
            elseif grace > 0 then
              redis.call('HSET', KEYS[1], user, cjson.encode({[''] = last}))
              redis.call('ZADD', KEYS[2], now + grace, user)
              lingering = lingering + 1
            else
              redis.call('HDEL', KEYS[1], user)
              announce(frame)
            end
          end
        end
        return lingering
        """;

    /// <summary>KEYS: members, leaving. ARGV: how many at most. Returns the milliseconds until more are due or -1, then each user whose grace is over, and its value in members.</summary>
    public const string Due = Now + """
        local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[1])
        local later = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
        local result = {later[2] and later[2] - now or -1}
        for _, user in ipairs(due) do
          table.insert(result, user)
          table.insert(result, redis.call('HGET', KEYS[1], user) or '')
        end
        return result
        """;

    /// <summary>Users whose grace is over, if it still is, are gone. ARGV: user and frame of the leave, in turn.</summary>
    public const string Expire = Announce + Now + """
        for i = 2, #ARGV, 2 do
          local due = redis.call('ZSCORE', KEYS[2], ARGV[i])
          if due and tonumber(due) <= now then
            redis.call('ZREM', KEYS[2], ARGV[i])
            if redis.call('HDEL', KEYS[1], ARGV[i]) == 1 then announce(ARGV[i + 1]) end
          end
        end
        """;

    /// <summary>
    /// A sign of life. KEYS: alive, dead. ARGV: lease, the sign, a name for what Redis holds if it holds nothing, '1' if the lease should be there already.
    /// Returns whether the lease stands, then the dead leases, then all that is alive; under '' the name of what Redis holds, which is another one after a loss of data.
    /// </summary>
    public const string Beat = """
        redis.call('HSETNX', KEYS[1], '', ARGV[3])
        local stands = ARGV[4] == '' or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1
        if stands then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
        return {stands and 1 or 0, redis.call('SMEMBERS', KEYS[2]), redis.call('HGETALL', KEYS[1])}
        """;

    /// <summary>
    /// Ends a lease, unless there has been another sign of life. KEYS: alive, dead, clearing of that lease. ARGV: lease, its last sign, who clears up after it or '',
    /// for how many milliseconds nobody else does. Returns 1 if this ended it.
    /// </summary>
    public const string End = """
        if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
        redis.call('HDEL', KEYS[1], ARGV[1])
        redis.call('SADD', KEYS[2], ARGV[1])
        if ARGV[3] ~= '' then redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4]) end
        return 1
        """;
}
