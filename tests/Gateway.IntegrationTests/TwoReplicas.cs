using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>Two gateway processes behind a real Redis, shared by the tests of one class.</summary>
public class TwoReplicas : IAsyncLifetime
{
    /// <summary>What differs from the defaults.</summary>
    protected virtual string[] Arguments => [];

    public RedisServer Redis { get; private set; } = null!;
    public GatewayProcess A { get; private set; } = null!;
    public GatewayProcess B { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        // The clients that only count never ping, whatever the load takes.
        var arguments = new[]
        {
            "--redis:enabled=true",
            "--redis:connection=" + Redis.Address,
            "--metrics_stream:interval_ms=200",
            "--signalr:client_timeout=10m"
        }.Concat(Arguments).ToArray();
        (A, B) = (await GatewayProcess.StartAsync(arguments), await GatewayProcess.StartAsync(arguments));
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await A.DisposeAsync();
        await B.DisposeAsync();
        await Redis.DisposeAsync();
    }
}

/// <summary>Anyone may send <c>direct</c> to anyone.</summary>
public sealed class TwoReplicasForAnyone : TwoReplicas
{
    protected override string[] Arguments => ["--messages:direct=anyone"];
}
