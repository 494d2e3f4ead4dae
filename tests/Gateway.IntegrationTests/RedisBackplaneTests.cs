using Gateway.Configuration;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Tests.Broadcast;
using Gateway.Lifecycle;
using Gateway.Redis;
using Gateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.IntegrationTests;

/// <summary>The spec that the in-process backplane passes too, against a real Redis.</summary>
public sealed class RedisBackplaneTests : BackplaneSpec
{
    private RedisServer _redis = null!;
    private RedisConnection _connection = null!;

    protected override async ValueTask<IBackplane> OpenAsync()
    {
        _redis = await RedisServer.StartAsync();
        var options = new GatewayOptions { Redis = { Enabled = true, Connection = _redis.Address } };
        _connection = new RedisConnection(options, new ReadinessState(), new GatewayMeter(), NullLogger<RedisConnection>.Instance);
        await _connection.OpenAsync();
        var keys = new RedisKeys("gw");
        var instructions = new RedisInstructions(_connection, keys, ReplicaId.New(), TimeProvider.System, NullLogger<RedisInstructions>.Instance);
        return new RedisBackplane(_connection, keys, instructions, NullLogger<RedisBackplane>.Instance);
    }

    protected override async ValueTask CloseAsync(IBackplane backplane)
    {
        await _connection.DisposeAsync();
        await _redis.DisposeAsync();
    }
}
