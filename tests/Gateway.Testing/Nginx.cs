using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Testing;

/// <summary>A real nginx on a free port, with the configuration that the repository ships: plain rotation, no affinity.</summary>
public sealed class Nginx : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-nginx").FullName;
    private readonly ConcurrentQueue<string> _output = [];
    private Process? _process;

    private Nginx()
    {
    }

    public Uri Server { get; private set; } = null!;

    /// <param name="replicas">Where the gateways are, or will be.</param>
    public static async Task<Nginx> StartAsync(IEnumerable<Uri> replicas)
    {
        var nginx = new Nginx();
        try
        {
            await nginx.StartProcessAsync(replicas);
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port of 127.0.0.1 that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync().Within("nginx to end");
            process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartProcessAsync(IEnumerable<Uri> replicas)
    {
        var port = FreePort();
        Server = new Uri($"http://127.0.0.1:{port}");
        var file = Path.Combine(_folder, "nginx.conf");
        await File.WriteAllTextAsync(
            file, Adapt(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "config", "nginx.conf")), port, replicas));
        var start = new ProcessStartInfo(
            "nginx", ["-p", _folder, "-e", Path.Combine(_folder, "error.log"), "-c", file, "-g", $"daemon off; pid {_folder}/nginx.pid;"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new InvalidOperationException("nginx was not found: install Debian's package nginx-light, or put it on the PATH", fault);
        }
        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Deadline.Until(() => AcceptsAsync(port), "nginx accepts");
    }

    /// <summary>Other addresses, and folders that need no rights; all else as it is shipped.</summary>
    private string Adapt(string configuration, int port, IEnumerable<Uri> replicas)
    {
        var lines = configuration.Split('\n').ToList();
        var first = lines.FindIndex(IsReplica);
        if (first < 0) throw new InvalidOperationException("config/nginx.conf names no replicas");
        var options = lines[first].Trim().TrimEnd(';').Split(' ')[2..];
        lines.RemoveAll(IsReplica);
        lines.InsertRange(first, replicas.Select(replica => $"        server {replica.Authority} {string.Join(' ', options)};"));
        string[] folders =
            [.. new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(use => $"    {use}_temp_path {_folder}/{use};")];
        return string.Join('\n', lines)
            .Replace("listen 8080;", $"listen 127.0.0.1:{port};", StringComparison.Ordinal)
            .Replace("access_log /var/log/nginx/access.log", $"access_log {_folder}/access.log", StringComparison.Ordinal)
            .Replace("http {", "http {\n" + string.Join('\n', folders), StringComparison.Ordinal);
    }

    private static bool IsReplica(string line) => line.TrimStart().StartsWith("server gateway-", StringComparison.Ordinal);

    private async Task<bool> AcceptsAsync(int port)
    {
        if (_process is { HasExited: true })
            throw new InvalidOperationException($"nginx ended with {_process.ExitCode}:\n{string.Join('\n', _output)}");
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
