using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Tests.Broadcast;
using Gateway.Redis.Options;
using Gateway.Redis.Rooms;
using Gateway.Redis.Servers;
using Gateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.IntegrationTests;

/// <summary>The spec that the in-process backplane passes too, against a real Redis.</summary>
public sealed class RedisBackplaneTests : BackplaneSpec
{
    private RedisServer _redis = null!;
    private RedisReplica _replica = null!;

    protected override async ValueTask<IBackplane> OpenAsync()
    {
        _redis = await RedisServer.StartAsync();
        _replica = await RedisReplica.OpenAsync([_redis.Address]);
        return _replica.Backplane;
    }

    protected override async ValueTask CloseAsync(IBackplane backplane)
    {
        await _replica.DisposeAsync();
        await _redis.DisposeAsync();
    }
}

/// <summary>The same, with the rooms spread over three servers.</summary>
public sealed class SeveralRedisServersTests : BackplaneSpec
{
    private RedisServer[] _servers = null!;
    private RedisReplica _replica = null!;

    protected override async ValueTask<IBackplane> OpenAsync()
    {
        _servers = await Task.WhenAll(RedisServer.StartAsync(), RedisServer.StartAsync(), RedisServer.StartAsync());
        _replica = await RedisReplica.OpenAsync([.. _servers.Select(s => s.Address)]);
        return _replica.Backplane;
    }

    protected override async ValueTask CloseAsync(IBackplane backplane)
    {
        await _replica.DisposeAsync();
        foreach (var server in _servers) await server.DisposeAsync();
    }
}

/// <summary>What one replica has of Redis, without the rest of the gateway.</summary>
internal sealed class RedisReplica : IAsyncDisposable
{
    private readonly RedisServers _servers;
    private readonly GatewayMeter _meter = new();

    private RedisReplica(IReadOnlyList<string> addresses, Action<RedisOptions>? set)
    {
        var options = new RedisOptions { Connection = [.. addresses] };
        set?.Invoke(options);
        var keys = new RedisKeys("gw");
        var replica = ReplicaId.New();
        var supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance, _meter.LoopFaults);
        _servers = new RedisServers(
            options, keys, Readiness, _meter, supervisor, TimeProvider.System, NullLogger<RedisConnection>.Instance);
        var commands = new RedisRemoteCommands(
            _servers, keys, replica, supervisor, TimeProvider.System, NullLogger<RedisRemoteCommands>.Instance);
        var counts = new RedisReceiverCounts(
            _servers, keys, replica, supervisor, TimeProvider.System, NullLogger<RedisReceiverCounts>.Instance);
        Backplane = new RedisBackplane(
            options, new BackplaneSettings(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(5), 0, TimeSpan.FromSeconds(10)), _servers, keys,
            commands, counts, replica, new SubscriptionEvents(_meter, TimeProvider.System, NullLogger<RoomSubscription>.Instance),
            _meter, supervisor, TimeProvider.System, NullLogger<RedisBackplane>.Instance);
    }

    public RedisBackplane Backplane { get; }
    public ReadinessState Readiness { get; } = new();

    public static async Task<RedisReplica> OpenAsync(
        IReadOnlyList<string> addresses, IBackplaneReceiver? receiver = null, Action<RedisOptions>? set = null)
    {
        var replica = new RedisReplica(addresses, set);
        if (receiver != null) replica.Backplane.Start(receiver);
        await replica._servers.OpenAsync().Within("the connection to Redis");
        replica.Backplane.StartMonitoring();
        return replica;
    }

    public async ValueTask DisposeAsync()
    {
        await Backplane.DisposeAsync();
        await _servers.DisposeAsync();
        _meter.Dispose();
    }
}
