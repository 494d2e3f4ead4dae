using System.Net;
using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>Gateway processes as an operator would run them, with rooms in which every offset is a message for everyone.</summary>
internal sealed class Replicas : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly List<GatewayProcess> _all = [];
    private readonly string[] _arguments;

    private Replicas(string[] arguments) => _arguments = arguments;

    public IReadOnlyList<GatewayProcess> All => _all;
    public IReadOnlyList<Uri> Addresses => [.. _all.Select(replica => replica.Server)];

    /// <summary>Two behind a Redis.</summary>
    public static Task<Replicas> StartAsync(RedisServer redis, params string[] more) =>
        StartAsync(2, ["--redis:enabled=true", $"--redis:connection={redis.Address},connectTimeout=1000", .. more]);

    public static async Task<Replicas> StartAsync(int count, params string[] more)
    {
        var replicas = new Replicas(
        [
            "--rooms:defaults:announce=false", "--rooms:defaults:history=10000", "--metrics_stream:enabled=false",
            "--logging:level=warning", .. more,
        ]);
        try
        {
            for (var i = 0; i < count; i++) await replicas.AddAsync();
            return replicas;
        }
        catch
        {
            await replicas.DisposeAsync();
            throw;
        }
    }

    /// <param name="more">What this one has beside what all have.</param>
    public async Task<GatewayProcess> AddAsync(params string[] more)
    {
        var replica = await GatewayProcess.StartAsync([.. _arguments, .. more]);
        _all.Add(replica);
        return replica;
    }

    public async Task<bool> AreReadyAsync()
    {
        foreach (var replica in _all)
            if (await ReadinessAsync(replica) != HttpStatusCode.OK)
                return false;
        return true;
    }

    public static async Task<HttpStatusCode> ReadinessAsync(GatewayProcess replica)
    {
        using var answer = await Http.GetAsync(new Uri(replica.Server, "/health/ready")).Within("the answer about readiness");
        return answer.StatusCode;
    }

    /// <summary>For each replica, how many connections ended for which reason, and what its log says of ends.</summary>
    public async Task<IReadOnlyList<string>> DisconnectionsAsync()
    {
        var told = new List<string>();
        foreach (var replica in _all)
        {
            var reasons = (await replica.ScrapeAsync())["websocket_disconnections_total"].Samples.Where(sample => sample.Value > 0)
                .Select(sample => $"{sample.Value} × {sample.Labels["reason"]} ({sample.Labels["dialect"]})");
            told.Add($"{replica.Server}: {string.Join(", ", reasons.DefaultIfEmpty("no connection ended"))}");
            told.AddRange(replica.Output.Split('\n').Where(line => line.Contains("onnection", StringComparison.Ordinal)).TakeLast(20));
        }
        return told;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _all) await replica.DisposeAsync();
    }
}
