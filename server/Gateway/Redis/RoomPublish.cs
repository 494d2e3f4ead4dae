using System.Security.Cryptography;
using StackExchange.Redis;

namespace Gateway.Redis;

/// <summary>
/// How scripts publish into a room: a Lua function that assigns the next offset and publishes, as a part of whatever step the script is.
/// A script begins with <see cref="Function"/>, and has its own keys and arguments after those of the function.
/// </summary>
internal static class RoomPublish
{
    /// <summary>
    /// KEYS: 1 position. ARGV: 1 channel, 2 epoch to begin with, 3 milliseconds to keep the position, empty for messages without offsets.
    /// publish(frame) returns epoch, offset, subscribers.
    /// </summary>
    public const string Function = """
        local function publish(frame)
          if ARGV[3] == '' then return {'', 0, redis.call('PUBLISH', ARGV[1], '::' .. frame)} end
          local epoch = redis.call('HGET', KEYS[1], 'epoch')
          if not epoch then
            epoch = ARGV[2]
            redis.call('HSET', KEYS[1], 'epoch', epoch)
          end
          local offset = redis.call('HINCRBY', KEYS[1], 'offset', 1)
          redis.call('PEXPIRE', KEYS[1], ARGV[3])
          local subscribers = redis.call('PUBLISH', ARGV[1], epoch .. ':' .. offset .. ':' .. frame)
          return {epoch, offset, subscribers}
        end

        """;

    /// <summary>How long the position of a silent room is remembered; then its sequence begins anew, under a new epoch.</summary>
    public static readonly TimeSpan PositionLifetime = TimeSpan.FromDays(7);

    public static RedisKey[] Keys(RedisKeys keys, string room, params RedisKey[] own) => [keys.Position(room), .. own];

    public static RedisValue[] Arguments(RedisKeys keys, string room, bool numbered, params IEnumerable<RedisValue> own) =>
        [keys.Room(room), NewEpoch(), numbered ? (long)PositionLifetime.TotalMilliseconds : "", .. own];

    public static string NewEpoch() => RandomNumberGenerator.GetHexString(8, lowercase: true);
}
