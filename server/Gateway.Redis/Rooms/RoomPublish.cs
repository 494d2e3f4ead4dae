using System.Security.Cryptography;
using Gateway.Core.Messages;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Rooms;

/// <summary>
/// How scripts publish into a room: Lua functions that number, store and publish a message as part of a script. The script starts with
/// <see cref="Functions"/> and has its own keys and arguments after those of the functions.
/// </summary>
internal static class RoomPublish
{
    /// <summary>The number of arguments of the functions.</summary>
    public const int Arguments = 7;

    /// <summary>
    /// <code>
    /// KEYS  position, history
    /// ARGV  1 channel, 2 a new epoch, 3 lifetime of the position in ms, 4 messages kept (-1: no offsets), 5 lifetime of the history in ms,
    ///       6 and 7 a position that was reached for certain
    /// </code>
    /// publish(frame) returns epoch ('-' for none), offset (as text) and subscribers; commit() ends a script that may have published.
    /// If that position is ahead of the stored one, Redis has lost data, and the room starts again under the new epoch.
    /// </summary>
    public const string Functions = """
        local kept, epoch, offset, ms = tonumber(ARGV[4]), nil, 0, nil
        local function publish(frame)
          if kept < 0 then return '-', '0', redis.call('PUBLISH', ARGV[1], '::' .. frame) end
          if not epoch then
            local at = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
            epoch, offset = at[1], tonumber(at[2] or '0')
            if not epoch or (epoch == ARGV[6] and offset < tonumber(ARGV[7])) then
              epoch, offset = ARGV[2], 0
              redis.call('DEL', KEYS[2])
            end
            local time = redis.call('TIME')
            ms = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
          end
          offset = offset + 1
          local stored = string.format('%.0f', offset)
          if kept > 0 then redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], stored .. '-0', 't', ms, 'm', frame) end
          return epoch, stored, redis.call('PUBLISH', ARGV[1], epoch .. ':' .. stored .. ':' .. frame)
        end
        local function commit()
          if not epoch then return end
          redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', string.format('%.0f', offset))
          redis.call('PEXPIRE', KEYS[1], ARGV[3])
          if kept > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
        end

        """;

    /// <summary>The lifetime of an idle room's position. After it, the offsets start again under a new epoch.</summary>
    public static readonly TimeSpan PositionLifetime = TimeSpan.FromDays(7);

    public static void AddKeys(ICollection<RedisKey> target, RedisKeys keys, string room)
    {
        target.Add(keys.Position(room));
        target.Add(keys.History(room));
    }

    /// <summary>Adds the arguments of the functions.</summary>
    /// <param name="target">The list to add to.</param>
    /// <param name="keys">The names of keys.</param>
    /// <param name="room">The room.</param>
    /// <param name="retention">The history of the room; <c>null</c> for messages without offsets.</param>
    /// <param name="known">A position that was reached for certain.</param>
    public static void AddArguments(ICollection<RedisValue> target, RedisKeys keys, string room, Retention? retention, Position known)
    {
        target.Add(keys.Channel(Audience.Room(room)));
        target.Add(NewEpoch());
        target.Add(Milliseconds(PositionLifetime));
        target.Add(retention?.Messages ?? -1);
        target.Add(retention == null ? 0 : Milliseconds(retention.Lifetime));
        target.Add(known.IsNone ? "-" : known.Epoch);
        target.Add(known.Offset);
    }

    public static string NewEpoch() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    public static long Milliseconds(TimeSpan time) => Math.Max(1, (long)time.TotalMilliseconds);
}
