using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Benchmarks.Load;

/// <summary>One replica by itself beside two behind a redis-server of the program's own.</summary>
internal static class RedisScenario
{
    public static async Task<Result> RunAsync(Target target, Traffic load)
    {
        if (!target.Name.Contains("two", StringComparison.Ordinal))
        {
            await using var one = await ServerProcess.StartAsync(target);
            return await load.RunAsync(target, [one]);
        }
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var redis = Process.Start(
            new ProcessStartInfo(
                "redis-server",
                ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("redis-server is missing: install it");
        redis.OutputDataReceived += static (_, _) => { };
        redis.BeginOutputReadLine();
        try
        {
            await Task.Delay(500);
            var replica = target with { Arguments = [.. target.Arguments, "--redis:enabled=true", $"--redis:connection=127.0.0.1:{port}"] };
            await using var a = await ServerProcess.StartAsync(replica);
            await using var b = await ServerProcess.StartAsync(replica);
            return await load.RunAsync(target, [a, b]);
        }
        finally
        {
            redis.Kill();
        }
    }
}
