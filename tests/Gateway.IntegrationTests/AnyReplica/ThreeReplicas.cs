using Gateway.Testing;

namespace Gateway.IntegrationTests.AnyReplica;

/// <summary>Three gateway processes behind a real nginx without affinity, and a real Redis; shared by the tests of one class.</summary>
public sealed class ThreeReplicas : IAsyncLifetime
{
    private readonly List<GatewayProcess> _replicas = [];
    private readonly List<int> _ports = [];
    private Nginx _nginx = null!;

    public RedisServer Redis { get; private set; } = null!;
    public IReadOnlyList<GatewayProcess> All => _replicas;

    /// <summary>The balancer.</summary>
    public Uri Server => _nginx.Server;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            _ports.Add(Nginx.FreePort());
            _replicas.Add(await StartAsync(_ports[i]));
        }
        _nginx = await Nginx.StartAsync(_replicas.Select(replica => replica.Server));
    }

    public Task<GatewayProcess> StartAsync(int port) => GatewayProcess.StartAsync(
        "--redis:enabled=true", "--redis:connection=" + Redis.Address, $"--server:port={port}", "--metrics_stream:interval_ms=200",
        "--rooms:auto_join=lobby");

    public async ValueTask DisposeAsync()
    {
        if (_nginx != null) await _nginx.DisposeAsync();
        foreach (var replica in _replicas) await replica.DisposeAsync();
        if (Redis != null) await Redis.DisposeAsync();
    }
}
