using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Testing;

/// <summary>A real redis-server of the test's own, on a free port and in a directory that goes with it.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-redis").FullName;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly bool _keepsData;
    private Process? _process;

    private RedisServer(bool keepsData) => _keepsData = keepsData;

    public int Port { get; private set; }
    public string Address => $"127.0.0.1:{Port}";

    /// <param name="keepsData">Every write is on disk before it is acknowledged, and there again after a restart; otherwise a restart
    /// begins empty.</param>
    public static async Task<RedisServer> StartAsync(bool keepsData = false)
    {
        var redis = new RedisServer(keepsData);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                redis.Port = FreePort();
                try
                {
                    await redis.StartProcessAsync();
                    return redis;
                }
                catch (InvalidOperationException) when (
                    attempt < 3 && redis._output.Any(line => line.Contains("Address already in use", StringComparison.Ordinal)))
                {
                    await redis.KillAsync(); // somebody else was faster: another port
                    redis._output.Clear();
                }
            }
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    public async Task KillAsync()
    {
        if (_process is not { } process) return;
        _process = null;
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync().Within("redis-server to end");
        process.Dispose();
    }

    /// <summary>Starts again on the same port, with its data if it keeps any.</summary>
    public Task RestartAsync() => StartProcessAsync();

    /// <summary>Sends one inline command and returns the first line of the answer.</summary>
    public async Task<string> CommandAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port).Within("redis-server to accept");
        using var stream = client.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(command + "\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync().Within("redis-server to answer") ?? "";
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task StartProcessAsync()
    {
        var start = new ProcessStartInfo("redis-server",
            [
                "--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", _keepsData ? "yes" : "no", "--appendfsync",
                "always", "--dir", _folder
            ])
        {
            RedirectStandardOutput = true,
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new InvalidOperationException(
                "redis-server was not found: install Debian's package redis-server, or put it on the PATH", fault);
        }
        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        await Deadline.Until(AnswersAsync, "redis-server answers");
    }

    private async Task<bool> AnswersAsync()
    {
        if (_process is { HasExited: true } ended)
        {
            await ended.WaitForExitAsync(); // until all that it printed is here
            throw new InvalidOperationException($"redis-server ended with {ended.ExitCode}:\n{string.Join('\n', _output)}");
        }
        try
        {
            return await CommandAsync("PING") == "+PONG"; // or -LOADING, while it reads its data
        }
        catch (Exception early) when (early is SocketException or IOException)
        {
            return false;
        }
    }
}
