using System.Security.Cryptography;
using Gateway.Core.Broadcast;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Replicas;

/// <summary>
/// Agrees with the other replicas on a random key through Redis, if the configuration sets none. The key has a lifetime in Redis. When it
/// has expired or is missing, the first replica that looks writes a new one. The previous key remains valid for verification.
/// </summary>
internal sealed partial class SharedReplicaKey(
    RedisServers servers, RedisKeys keys, ReplicaKey key, Supervisor supervisor, TimeProvider time, ILogger<SharedReplicaKey> logger)
    : IHostedService, IDisposable
{
    /// <summary>
    /// The lifetime of a key. Long polling uses one token for the whole connection: the token survives one change of the key, not two.
    /// </summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private byte[]? _current;
    private byte[]? _previous;
    private long _changedAt;
    private bool _isPropagated; // all other replicas have had time to learn the current key
    private DateTimeOffset _expiresAt;
    private Task _loop = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (key.IsConfigured) return;
        if (servers.For(RedisKeys.ReplicasTag).IsUp) await RefreshAsync();
        _loop = RunAsync();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop;
    }

    public void Dispose() => _stop.Dispose();

    private Task RunAsync() => supervisor.Loop("shared_key").RunAsync(
        async stop =>
        {
            await Task.Delay(key.IsKnown ? Interval : RetryInterval, time, stop);
            await RefreshAsync();
            return true;
        },
        _stop.Token);

    private async Task RefreshAsync()
    {
        try
        {
            var server = servers.For(RedisKeys.ReplicasTag);
            var fresh = RandomNumberGenerator.GetBytes(ReplicaKey.SecretBytes);
            await server.ExecuteAsync(
                database => database.StringSetAsync(keys.SharedReplicaKey, fresh, Lifetime, When.NotExists), cancel: _stop.Token);
            var stored = (byte[]?)await server.ExecuteAsync(
                database => database.StringGetAsync(keys.SharedReplicaKey), cancel: _stop.Token);
            if (stored is not { Length: > 0 } current) return;
            var remaining = await server.ExecuteAsync(database => database.KeyTimeToLiveAsync(keys.SharedReplicaKey), cancel: _stop.Token);
            // An earlier version wrote the key without an expiry.
            if (remaining == null)
                await server.ExecuteAsync(database => database.KeyExpireAsync(keys.SharedReplicaKey, Lifetime), cancel: _stop.Token);
            Use(current, remaining ?? Lifetime);
        }
        catch (BackplaneException)
        {
            // Redis is unavailable and reported elsewhere: the known keys stay valid.
        }
    }

    private void Use(byte[] current, TimeSpan remaining)
    {
        var now = time.GetUtcNow();
        if (_current == null)
        {
            key.Set(current);
            (_current, _isPropagated) = (current, true);
        }
        else if (!CryptographicOperations.FixedTimeEquals(_current, current))
        {
            if (now < _expiresAt - Interval) Log.Replaced(logger, _expiresAt - now);
            else Log.Rotated(logger);
            key.Set(_current, current);
            (_previous, _current, _isPropagated, _changedAt) = (_current, current, false, time.GetTimestamp());
        }
        else if (!_isPropagated && time.GetElapsedTime(_changedAt) >= 2 * Interval)
        {
            key.Set(current, _previous!);
            _isPropagated = true;
        }
        _expiresAt = now + remaining;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "The key that the replicas share was deleted or replaced in Redis {Early} before its expiry. The new key is used from now on")]
        public static partial void Replaced(ILogger logger, TimeSpan early);

        [LoggerMessage(2, LogLevel.Information, "The key that the replicas share has expired. The next key is used from now on")]
        public static partial void Rotated(ILogger logger);
    }
}
