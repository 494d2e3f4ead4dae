using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Testing.Prometheus;

namespace Gateway.Testing;

/// <summary>The gateway as its users run it: a process of its own, on free ports.</summary>
public sealed partial class GatewayProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigStop = 19;
    private const int SigCont = 18;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly ConcurrentQueue<string> _errors = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="descriptors">How many files and sockets it may have open; <c>null</c>: as many as the tests.</param>
    private GatewayProcess(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, int? descriptors = null)
    {
        if (!File.Exists(Repository.GatewayDll))
            throw new InvalidOperationException(
                $"{Repository.GatewayDll} is missing: build server/Gateway ({Repository.Configuration}) first");
        string[] command = ["dotnet", Repository.GatewayDll, .. arguments];
        if (descriptors is { } limit) command = ["sh", "-c", $"ulimit -n {limit} && exec \"$@\"", "sh", .. command];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(), // where there is no config/gateway.yaml
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GATEWAY_", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name); // whoever runs the tests may have a gateway of their own configured
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data == null) return;
            _errors.Enqueue(line.Data);
            Take(line.Data);
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where clients connect.</summary>
    public Uri Server { get; private set; } = null!;

    /// <summary>The page for Prometheus.</summary>
    public Uri? Metrics { get; private set; }

    /// <summary>Both streams, as they came.</summary>
    public string Output => string.Join('\n', _output);
    public int Id => _process.Id;

    /// <summary>Starts on free ports without a rate limit; <paramref name="arguments"/> come after and so win.</summary>
    public static Task<GatewayProcess> StartAsync(params string[] arguments) => StartAsync(null, arguments);

    /// <param name="descriptors">How many files and sockets it may have open.</param>
    public static async Task<GatewayProcess> StartAsync(int? descriptors, params string[] arguments)
    {
        var gateway = new GatewayProcess(
            ["--server:host=127.0.0.1", "--server:port=0", "--metrics:port=0", "--rate_limit:messages=0", .. arguments], null, descriptors);
        try
        {
            await Task.WhenAny(
                gateway._ready.Task, gateway._process.WaitForExitAsync()).Within("the gateway to start", TimeSpan.FromSeconds(30));
            if (!gateway._ready.Task.IsCompleted)
                throw new InvalidOperationException("the gateway ended instead of starting:\n" + gateway.Output);
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// For a start that is expected to fail: runs to the end and returns exit code, what was printed on both streams, and what of it on
    /// standard error.
    /// </summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunToExitAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var gateway = new GatewayProcess(arguments, environment);
        await gateway._process.WaitForExitAsync().Within("the gateway to give up", TimeSpan.FromSeconds(30));
        return (gateway._process.ExitCode, gateway.Output, string.Join('\n', gateway._errors));
    }

    /// <summary>Asks a gateway to stop that may still be starting. Returns the exit code, and what was printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunAndStopAsync(TimeSpan after, params string[] arguments)
    {
        await using var gateway = new GatewayProcess(
            ["--server:host=127.0.0.1", "--server:port=0", "--metrics:port=0", .. arguments], null);
        await Task.Delay(after);
        gateway.SendSignal(SigTerm);
        await gateway._process.WaitForExitAsync().Within("the gateway to stop", TimeSpan.FromSeconds(30));
        return (gateway._process.ExitCode, gateway.Output);
    }

    /// <summary>Asks it to stop, as an init system does, and returns the exit code.</summary>
    public async Task<int> StopAsync(int signal = SigTerm, TimeSpan? limit = null)
    {
        SendSignal(signal);
        return await WaitForExitAsync(limit);
    }

    /// <summary>Waits until it has ended, and returns the exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? limit = null)
    {
        await _process.WaitForExitAsync().Within("the gateway to stop", limit ?? TimeSpan.FromSeconds(20));
        return _process.ExitCode;
    }

    public void SendSignal(int signal)
    {
        if (kill(_process.Id, signal) != 0) throw new InvalidOperationException("the gateway's process is gone");
    }

    /// <summary>It hangs, until it is resumed.</summary>
    public void Suspend() => SendSignal(SigStop);

    public void Resume() => SendSignal(SigCont);

    /// <summary>Reads the page as Prometheus would, only stricter.</summary>
    public async Task<PrometheusPage> ScrapeAsync()
    {
        using var http = new HttpClient();
        var page = await http.GetByteArrayAsync(Metrics).Within("the metrics page");
        Told.Note(Encoding.UTF8.GetString(page));
        return PrometheusText.Parse(page);
    }

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync().Within("the gateway's process to end");
        _process.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    private void Take(string? line)
    {
        if (line == null) return;
        _output.Enqueue(line);
        Told.Note(line);
        if (Address().Match(line) is not { Success: true } match) return;
        var url = new Uri(match.Groups[2].Value);
        if (match.Groups[1].Value == "SignalR hub") Server = new Uri(url.GetLeftPart(UriPartial.Authority));
        if (match.Groups[1].Value == "metrics") Metrics = url;
        if (Server != null && (Metrics != null || line.Contains("hub", StringComparison.Ordinal) && !ExpectsMetrics)) _ready.TrySetResult();
    }

    private bool ExpectsMetrics => !_process.StartInfo.ArgumentList.Contains("--metrics:enabled=false");

    [GeneratedRegex(@"^  (raw WebSocket|SignalR hub|metrics) +(\S+)$")]
    private static partial Regex Address();
}
