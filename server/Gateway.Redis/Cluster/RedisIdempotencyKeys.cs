using Gateway.Core.Idempotency;
using Gateway.Redis.Rooms;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Cluster;

/// <summary>The keys of several replicas.</summary>
internal sealed class RedisIdempotencyKeys(RedisServers servers, RedisKeys keys, TimeSpan lifetime) : IIdempotencyKeys
{
    /// <summary>
    /// <code>
    /// KEYS  the key
    /// ARGV  1 the request's fingerprint, 2 ms that the key is known
    /// </code>
    /// Returns 0 if it was not known, 1 if it is known for this request, 2 for another one.
    /// </summary>
    private const string Claim = """
        local was = redis.call('GET', KEYS[1])
        if was then return was == ARGV[1] and 1 or 2 end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 0
        """;

    public async ValueTask<IdempotencyKeyState> ClaimAsync(string key, string fingerprint) => (IdempotencyKeyState)(int)await Server(key).AskAsync(database =>
        database.ScriptEvaluateAsync(Claim, [keys.Request(key)], [fingerprint, RoomPublish.Milliseconds(lifetime)]));

    public async ValueTask ReleaseAsync(string key) => await Server(key).AskAsync(database => database.KeyDeleteAsync(keys.Request(key)));

    private RedisConnection Server(string key) => servers.For(keys.Request(key));
}
