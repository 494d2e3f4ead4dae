using Gateway.AnyReplica;
using Gateway.Configuration;
using Gateway.Core.Broadcast;
using StackExchange.Redis;
using System.Security.Cryptography;

namespace Gateway.Redis;

/// <summary>
/// Agrees with the other replicas on the key that they share, where none is configured: the first puts it into Redis, and each sees to it that it stays there, also
/// when Redis has lost its data.
/// </summary>
internal sealed class SharedKey(GatewayOptions options, RedisServers servers, RedisKeys keys, ReplicaKey key, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan UntilKnown = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private byte[] _secret = RandomNumberGenerator.GetBytes(ReplicaKey.SecretBytes);
    private Task _looking = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Server.TokenKey.Length > 0) return;
        if (servers.For(RedisKeys.Replicas).IsUp) await AgreeAsync();
        _looking = KeepAgreeingAsync();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _looking;
    }

    public void Dispose() => _stop.Dispose();

    private async Task KeepAgreeingAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(key.IsKnown ? Look : UntilKnown, time, _stop.Token);
                await AgreeAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The replica stops.
        }
    }

    private async Task AgreeAsync()
    {
        try
        {
            var server = servers.For(RedisKeys.Replicas);
            await server.AskAsync(database => database.StringSetAsync(keys.Key, _secret, when: When.NotExists), cancel: _stop.Token);
            if ((byte[]?)await server.AskAsync(database => database.StringGetAsync(keys.Key), cancel: _stop.Token) is not { Length: > 0 } agreed) return;
            _secret = agreed;
            key.Set(agreed);
        }
        catch (BackplaneException)
        {
            // Redis is away, and says so elsewhere: what is known stays good.
        }
    }
}
