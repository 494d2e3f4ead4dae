using System.Security.Cryptography;
using Gateway.Core.Broadcast;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Replicas;

/// <summary>
/// Agrees with the other replicas on a random key through Redis, where the configuration gives none. The key ends with its lifetime in Redis; then, or when it is
/// missing for another reason, the first replica that looks makes a new one. The one before it stays good for verifying.
/// </summary>
internal sealed partial class SharedReplicaKey(
    RedisServers servers, RedisKeys keys, ReplicaKey key, Supervisor supervisor, TimeProvider time, ILogger<SharedReplicaKey> logger)
    : IHostedService, IDisposable
{
    /// <summary>How long a key is used. Long polling names its connection by one token all its life: it survives one change of the key, not two.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private static readonly TimeSpan UntilKnown = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private byte[]? _current;
    private byte[]? _former;
    private long _changedAt;
    private bool _isSigning; // with the current one: all the others have had the time to learn it
    private DateTimeOffset _endsAt;
    private Task _looking = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (key.IsConfigured) return;
        if (servers.For(RedisKeys.Replicas).IsUp) await AgreeAsync();
        _looking = KeepAgreeingAsync();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _looking;
    }

    public void Dispose() => _stop.Dispose();

    private Task KeepAgreeingAsync() => supervisor.Loop("shared_key").RunAsync(
        async stop =>
        {
            await Task.Delay(key.IsKnown ? Look : UntilKnown, time, stop);
            await AgreeAsync();
            return true;
        },
        _stop.Token);

    private async Task AgreeAsync()
    {
        try
        {
            var server = servers.For(RedisKeys.Replicas);
            var fresh = RandomNumberGenerator.GetBytes(ReplicaKey.SecretBytes);
            await server.AskAsync(database => database.StringSetAsync(keys.Key, fresh, Lifetime, When.NotExists), cancel: _stop.Token);
            if ((byte[]?)await server.AskAsync(database => database.StringGetAsync(keys.Key), cancel: _stop.Token) is not { Length: > 0 } agreed) return;
            var left = await server.AskAsync(database => database.KeyTimeToLiveAsync(keys.Key), cancel: _stop.Token);
            // An earlier version wrote it without an end.
            if (left == null) await server.AskAsync(database => database.KeyExpireAsync(keys.Key, Lifetime), cancel: _stop.Token);
            Take(agreed, left ?? Lifetime);
        }
        catch (BackplaneException)
        {
            // Redis is away, and says so elsewhere: what is known stays good.
        }
    }

    private void Take(byte[] agreed, TimeSpan left)
    {
        var now = time.GetUtcNow();
        if (_current == null)
        {
            key.Set(agreed);
            (_current, _isSigning) = (agreed, true);
        }
        else if (!CryptographicOperations.FixedTimeEquals(_current, agreed))
        {
            if (now < _endsAt - Look) Log.Replaced(logger, _endsAt - now);
            else Log.Rotated(logger);
            key.Set(_current, agreed);
            (_former, _current, _isSigning, _changedAt) = (_current, agreed, false, time.GetTimestamp());
        }
        else if (!_isSigning && time.GetElapsedTime(_changedAt) >= 2 * Look)
        {
            key.Set(agreed, _former!);
            _isSigning = true;
        }
        _endsAt = now + left;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The key that the replicas share was deleted or replaced in Redis, {Early} before its time; the new one is used from now on")]
        public static partial void Replaced(ILogger logger, TimeSpan early);

        [LoggerMessage(2, LogLevel.Information, "The key that the replicas share is at the end of its lifetime; the next one is used from now on")]
        public static partial void Rotated(ILogger logger);
    }
}
