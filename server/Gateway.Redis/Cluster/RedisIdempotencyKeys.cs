using Gateway.Core.Idempotency;
using Gateway.Redis.Rooms;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Cluster;

/// <summary>Idempotency keys of admin requests, shared by several replicas.</summary>
internal sealed class RedisIdempotencyKeys(RedisServers servers, RedisKeys keys, TimeSpan lifetime) : IIdempotencyKeys
{
    /// <summary>
    /// <code>
    /// KEYS  the key
    /// ARGV  1 the request's fingerprint, 2 ms for which the key is remembered
    /// </code>
    /// Returns 0 if the key was unknown, 1 if it belongs to this request, 2 if it belongs to another one.
    /// </summary>
    private const string Claim = """
        local was = redis.call('GET', KEYS[1])
        if was then return was == ARGV[1] and 1 or 2 end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 0
        """;

    public async ValueTask<IdempotencyKeyState> ClaimAsync(string key, string fingerprint) =>
        (IdempotencyKeyState)(int)await Server(key).ExecuteAsync(database =>
        database.ScriptEvaluateAsync(Claim, [keys.IdempotencyKey(key)], [fingerprint, RoomPublish.Milliseconds(lifetime)]));

    public async ValueTask ReleaseAsync(string key) =>
        await Server(key).ExecuteAsync(database => database.KeyDeleteAsync(keys.IdempotencyKey(key)));

    private RedisConnection Server(string key) => servers.For(keys.IdempotencyKey(key));
}
