namespace Gateway.Redis.Presence;

/// <summary>
/// The steps by which a user enters a room, changes and leaves it. Each step is one script that also decides whether to announce it and
/// publishes the announcement. So members get each announcement once and in order, even if the replica that ran the script dies. All
/// scripts are idempotent.
/// <code>
/// gw:{room}:members   user → {"LEASE":{"username","client_id"?,"status","status_at"?,"connected_at","connections"}, …},
///                     times in Unix milliseconds. A user who has no connection and may reconnect has one entry, under the lease "".
/// gw:{room}:leaving   user → when the grace ends, by the clock of Redis
/// </code>
/// KEYS: members, leaving. ARGV[1] is the room's channel. An empty frame means no announcement. Announcements have no offset and no
/// history.
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

    /// <summary>
    /// Writes a user's entry under a lease. ARGV: user, lease, the previous lease or '', entry, frame of the join.
    /// </summary>
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
    /// Removes users' entries under a lease. ARGV: lease, the previous lease or '', milliseconds of grace, then for each user: user, frame
    /// of the leave, and the entry to use if Redis has forgotten the user, or ''. Returns how many users may reconnect.
    /// </summary>
    public const string Leave = Announce + Now + """
        local lease, previous, grace, lingering = ARGV[2], ARGV[3], tonumber(ARGV[4]), 0
        for i = 5, #ARGV, 3 do
          local user, frame = ARGV[i], ARGV[i + 1]
          local was = redis.call('HGET', KEYS[1], user)
          local at = was and cjson.decode(was) or {}
          local last = at[lease]
          if previous ~= '' then last = last or at[previous] end
          if not was and ARGV[i + 2] ~= '' then last = cjson.decode(ARGV[i + 2]) end
          if last then
            at[lease] = nil
            if previous ~= '' then at[previous] = nil end
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

    /// <summary>
    /// KEYS: members, leaving. ARGV: the maximum number of users. Returns the milliseconds until the next grace ends, or -1; then each user
    /// whose grace has ended and its value in members.
    /// </summary>
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

    /// <summary>Removes users whose grace has ended, if it still has. ARGV: user and frame of the leave, alternating.</summary>
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
    /// A heartbeat. KEYS: alive, dead. ARGV: lease, heartbeat, an id for the data if Redis has none, '1' if the lease should already exist.
    /// Returns whether the lease exists, then the ended leases, then all active leases. The field '' has the id of the data, which changes
    /// when Redis loses its data.
    /// </summary>
    public const string Heartbeat = """
        redis.call('HSETNX', KEYS[1], '', ARGV[3])
        local exists = ARGV[4] == '' or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1
        if exists then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
        return {exists and 1 or 0, redis.call('SMEMBERS', KEYS[2]), redis.call('HGETALL', KEYS[1])}
        """;

    /// <summary>
    /// Ends a lease, unless its heartbeat has changed. KEYS: alive, dead, clearing of that lease. ARGV: lease, its last heartbeat, the
    /// replica that removes its members or '', the milliseconds for which that replica has the lock. Returns 1 if this call ended the
    /// lease.
    /// </summary>
    public const string End = """
        if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
        redis.call('HDEL', KEYS[1], ARGV[1])
        redis.call('SADD', KEYS[2], ARGV[1])
        if ARGV[3] ~= '' then redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4]) end
        return 1
        """;
}
