using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Benchmarks.History;

/// <summary>A redis-server of the program's own, and what it says about itself.</summary>
internal sealed class RedisProcess : IDisposable
{
    private readonly Process _process;
    private readonly int _port;

    private RedisProcess(Process process, int port) => (_process, _port) = (process, port);

    public string[] Arguments => ["--redis:enabled=true", $"--redis:connection=127.0.0.1:{_port}"];

    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<RedisProcess> StartAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var start = new ProcessStartInfo(
            "redis-server",
            ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        { RedirectStandardOutput = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException("redis-server is missing: install it");
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        var redis = new RedisProcess(process, port);
        for (var i = 0; i < 100; i++)
        {
            try
            {
                await redis.AskAsync("PING");
                return redis;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }
        redis.Dispose();
        throw new TimeoutException("redis-server does not answer");
    }

    public Task ForgetCallsAsync() => AskAsync("CONFIG RESETSTAT");

    /// <summary>How often each command was called since <see cref="ForgetCallsAsync"/>, those that scripts call included.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CallsAsync() => (await AskAsync("INFO commandstats")).Split("\r\n")
        .Where(line => line.StartsWith("cmdstat_", StringComparison.Ordinal))
        .Select(line => line["cmdstat_".Length..].Split(':'))
        .ToDictionary(line => line[0], line => long.Parse(line[1].Split(',')[0]["calls=".Length..], CultureInfo.InvariantCulture));

    /// <summary>Bytes that the keys take whose names contain the text.</summary>
    public async Task<IReadOnlyDictionary<string, long>> MemoryAsync(string text)
    {
        var memory = new Dictionary<string, long>();
        foreach (var key in (await AskAsync("KEYS *")).Split("\r\n").Where(line => line.Contains(text, StringComparison.Ordinal)))
            memory[key] = long.Parse(
                (await AskAsync($"MEMORY USAGE \"{key}\" SAMPLES 0")).Split("\r\n")[0].TrimStart(':'), CultureInfo.InvariantCulture);
        return memory;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    /// <summary>One inline command; the answer as it stands on the wire.</summary>
    private async Task<string> AskAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(command + "\r\nQUIT\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }
}
