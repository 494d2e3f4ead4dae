using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Gateway.Testing;

namespace Gateway.ChaosTests.Flood;

/// <summary>
/// One hostile process with every trick at once, beside healthy clients of both dialects, on a gateway that has one core.
/// </summary>
public sealed class FloodTests(ITestOutputHelper output)
{
    private const int Listeners = 200;
    private const long MostGrowth = 16L << 20; // the gateway gives memory back when its heap has grown by more
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Flood = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Of 99 of 100 messages, where the tests have the machine for themselves.</summary>
    private static readonly TimeSpan MostLatency = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task HealthyClientsHearEverythingInTimeAndTheMemoryComesBack()
    {
        await using var gateway = await GatewayProcess.StartAsync(
            "--rate_limit:messages=100", "--server:max_connections_per_ip=250", "--metrics_stream:enabled=false",
            "--logging:level=warning");
        await PinAsync(gateway.Id, core: 0);
        await RunHostileAsync(gateway, WarmUp); // everything has been compiled and every pool has grown
        var listeners = new List<FloodListener>();
        try
        {
            await ConnectAsync(listeners, gateway).Within($"{Listeners} healthy clients to connect");
            await using var speaker = await RawClient.ConnectAsync(gateway.Server, "?rooms=healthy");
            var before = await QuietMemoryAsync(gateway);

            var calm = await SpeakAsync(speaker, 0, Task.Delay(Calm));
            var machine = new MachineShare(gateway.Id);
            var hostile = RunHostileAsync(gateway, Flood);
            var said = await SpeakAsync(speaker, calm, hostile);
            var share = machine.LeftByOthers(ProcessorTime(await hostile));
            output.WriteLine(await hostile);

            await Deadline.Until(
                () => listeners.All(l => l.Received == said || l.Fault != null), $"everyone has heard all {said} messages");
            Assert.All(listeners, listener => Assert.Null(listener.Fault));
            var (calm99, p99) = (
                Percentile99(listeners.SelectMany(l => l.Latencies.Take(calm))),
                Percentile99(listeners.SelectMany(l => l.Latencies.Skip(calm))));
            output.WriteLine(
                $"{said} messages to {Listeners} clients: p99 {calm99.TotalMilliseconds:0.0} ms without the flood, "
                + $"{p99.TotalMilliseconds:0.0} ms with it; others left {share:P0} of the machine");
            var memory = 0L;
            await Task.WhenAny(
                Deadline.Until(() => (memory = MemoryOf(gateway)) <= before + MostGrowth, "the memory is back", TimeSpan.FromSeconds(20)));
            output.WriteLine($"memory: {before >> 20} MiB before, {memory >> 20} MiB after");
            Assert.InRange(memory, 0, before + MostGrowth);
            Assert.InRange(p99, TimeSpan.Zero, MostLatency / share);
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }

    private static async Task ConnectAsync(List<FloodListener> listeners, GatewayProcess gateway)
    {
        for (var i = 0; i < Listeners; i++) listeners.Add(await FloodListener.ConnectAsync(gateway.Server, signalR: i % 2 == 1));
    }

    /// <summary>Speaks until the task is done, and returns the number of the next message.</summary>
    private static async Task<int> SpeakAsync(RawClient speaker, int next, Task until)
    {
        while (!until.IsCompleted)
        {
            await speaker.RequestAsync("chat", new { room = "healthy", content = FloodListener.Stamp(next++) });
            await Task.Delay(Interval);
        }
        return next;
    }

    private static TimeSpan Percentile99(IEnumerable<TimeSpan> latencies)
    {
        var sorted = latencies.Order().ToArray();
        return sorted[sorted.Length * 99 / 100];
    }

    private static async Task<string> RunHostileAsync(GatewayProcess gateway, TimeSpan time)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Flood", "hostile.mjs");
        string[] arguments = [
            "-n", "5", "node", script, gateway.Server.Port.ToString(CultureInfo.InvariantCulture),
            time.TotalSeconds.ToString(CultureInfo.InvariantCulture)
        ];
        using var hostile = Process.Start(
            new ProcessStartInfo("nice", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            await PinAsync(hostile.Id, core: 1);
            var errors = hostile.StandardError.ReadToEndAsync();
            var answer = await hostile.StandardOutput.ReadToEndAsync()
                .Within("the hostile process to end", time + TimeSpan.FromSeconds(15));
            Assert.Equal("", await errors.Within("the end of the hostile process's errors"));
            Assert.Contains("\"tried\"", answer, StringComparison.Ordinal);
            return answer;
        }
        finally
        {
            if (!hostile.HasExited) hostile.Kill();
        }
    }

    private static TimeSpan ProcessorTime(string hostile)
    {
        using var json = JsonDocument.Parse(hostile);
        return TimeSpan.FromMicroseconds(json.RootElement.GetProperty("cpu_us").GetInt64());
    }

    /// <summary>All threads of the process on one core.</summary>
    private static async Task PinAsync(int process, int core)
    {
        using var taskset = Process.Start(
            "taskset",
            [
                "-a", "-c", "-p", (core % Environment.ProcessorCount).ToString(CultureInfo.InvariantCulture),
                process.ToString(CultureInfo.InvariantCulture),
            ]);
        await taskset.WaitForExitAsync().Within("taskset");
        Assert.Equal(0, taskset.ExitCode);
    }

    /// <summary>The resident memory in bytes, once it has stopped changing.</summary>
    private static async Task<long> QuietMemoryAsync(GatewayProcess gateway)
    {
        var (last, still) = (0L, 0L);
        await Deadline.Until(() =>
        {
            var now = MemoryOf(gateway);
            // longer than the gateway waits before it gives memory back
            if (Math.Abs(now - last) < last / 100) return Stopwatch.GetElapsedTime(still) > TimeSpan.FromSeconds(8);
            (last, still) = (now, Stopwatch.GetTimestamp());
            return false;
        }, "the memory is quiet", TimeSpan.FromSeconds(30));
        return last;
    }

    private static long MemoryOf(GatewayProcess gateway)
    {
        using var process = Process.GetProcessById(gateway.Id);
        return process.WorkingSet64;
    }
}
