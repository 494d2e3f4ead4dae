using System.Net;
using System.Net.Sockets;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>A start that cannot be ends with exit code 1 and a line for each fault, in words.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-start").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task MissingFile() => RefusesAsync(["--config-file=/nowhere/gateway.yaml"], 1, "/nowhere/gateway.yaml");

    [Fact]
    public Task BadYaml() => RefusesAsync(["--config-file=" + Written("server:\n  port: [1")], 1, "gateway.yaml");

    [Fact]
    public Task UnknownKeysAndWrongValuesAllAtOnce() =>
        RefusesAsync(
            ["--config-file=" + Written("server:\n  prot: 1\nraw:\n  write_wait: fast\n")], 2, "server.prot", "server.port",
            "raw.write_wait", "fast");

    [Fact]
    public Task CertificateThatCannotBeRead() =>
        RefusesAsync(
            ["--server:tls:enabled=true", "--server:tls:cert_file=/nowhere.pem", "--server:tls:key_file=/nowhere.key"], 2, "/nowhere.pem");

    [Fact]
    public async Task PortInUse()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        await RefusesAsync(["--server:host=127.0.0.1", $"--server:port={port}", "--metrics:port=0"], 1, $"{port}", "in use");
        await RefusesAsync(
            ["--server:host=127.0.0.1", "--server:port=0", $"--metrics:port={port}"], 1, $"{port}", "in use", "metrics.port");
    }

    [Fact]
    public async Task EnvironmentCounts()
    {
        var (exitCode, output, _) = await GatewayProcess.RunToExitAsync(
            [], new Dictionary<string, string> { ["GATEWAY_SERVER__PORT"] = "99999" });

        Assert.Equal(1, exitCode);
        Assert.Contains("GATEWAY_SERVER__PORT", output);
    }

    [Fact]
    public async Task GatewayStartsWhileRedisIsAwayAndIsReadyWhenItComes()
    {
        var redis = await RedisServer.StartAsync();
        await redis.KillAsync();
        await using var gateway = await GatewayProcess.StartAsync(
            "--redis:enabled=true", "--redis:connection=" + redis.Address + ",connectTimeout=500,connectRetry=1");
        using var http = new HttpClient();
        using (var away = await http.GetAsync(new Uri(gateway.Server, "/health/ready")))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);

        await redis.RestartAsync();

        await using (redis)
        {
            await Deadline.Until(
                async () => (await http.GetAsync(new Uri(gateway.Server, "/health/ready"))).StatusCode == HttpStatusCode.OK,
                "the gateway is ready", TimeSpan.FromSeconds(60));
            await using var client = await RawClient.ConnectAsync(gateway.Server);
            await client.ChatAsync("back");
            await client.NextAsync("chat");
        }
    }

    private static async Task RefusesAsync(string[] arguments, int faults, params string[] words)
    {
        var (exitCode, output, errors) = await GatewayProcess.RunToExitAsync(arguments);

        Assert.True(exitCode == 1, output);
        Assert.Equal(faults, errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(errors, output); // and not a word beside
        Assert.All(words, word => Assert.Contains(word, output));
        Assert.DoesNotContain("   at ", output);
        Assert.DoesNotContain("Exception", output);
    }

    private string Written(string yaml)
    {
        var file = Path.Combine(_folder, "gateway.yaml");
        File.WriteAllText(file, yaml);
        return file;
    }

    /// <summary>The runtime itself ends a process that a signal meets before the program has begun: 143.</summary>
    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(600)]
    [InlineData(900)]
    public async Task SignalDuringTheStartEndsItInOrder(int afterMilliseconds)
    {
        var (exitCode, output) = await GatewayProcess.RunAndStopAsync(TimeSpan.FromMilliseconds(afterMilliseconds));

        Assert.Contains(exitCode, new[] { 0, 143 });
        Assert.DoesNotContain("Unhandled exception", output, StringComparison.Ordinal);
    }
}
