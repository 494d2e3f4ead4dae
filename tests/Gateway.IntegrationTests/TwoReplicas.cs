using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>Two gateway processes behind a real Redis, shared by the tests of one class.</summary>
public sealed class TwoReplicas : IAsyncLifetime
{
    public RedisServer Redis { get; private set; } = null!;
    public GatewayProcess A { get; private set; } = null!;
    public GatewayProcess B { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        // The clients that only count never ping, whatever the load takes.
        var arguments = new[] { "--redis:enabled=true", "--redis:connection=" + Redis.Address, "--metrics_stream:interval_ms=200", "--signalr:client_timeout=10m" };
        (A, B) = (await GatewayProcess.StartAsync(arguments), await GatewayProcess.StartAsync(arguments));
    }

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
