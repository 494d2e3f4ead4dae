using System.Diagnostics;
using System.Globalization;
using Gateway.Testing;

namespace Gateway.ChaosTests.Flood;

/// <summary>One hostile process with every trick at once, beside healthy clients of both dialects, on a gateway that has one core.</summary>
public sealed class FloodTests(ITestOutputHelper output)
{
    private const int Listeners = 200;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Flood = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MostLatency = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task HealthyClientsHearEverythingInTimeAndTheMemoryComesBack()
    {
        await using var gateway = await GatewayProcess.StartAsync(
            "--rate_limit:messages=100", "--server:max_connections_per_ip=250", "--metrics_stream:enabled=false", "--logging:level=warning");
        await PinAsync(gateway.Id, core: 0);
        await RunHostileAsync(gateway, TimeSpan.FromSeconds(5)); // everything has been compiled and every pool has grown
        var listeners = new List<FloodListener>();
        for (var i = 0; i < Listeners; i++) listeners.Add(await FloodListener.ConnectAsync(gateway.Server, signalR: i % 2 == 1));
        await using var speaker = await RawClient.ConnectAsync(gateway.Server, "?rooms=healthy");
        var before = await QuietMemoryAsync(gateway);
        output.WriteLine($"memory before: {before >> 20} MiB");

        var said = await SpeakAsync(speaker, 0, Task.Delay(Calm));
        var hostile = RunHostileAsync(gateway, Flood);
        var calm = said;
        said = await SpeakAsync(speaker, said, hostile);
        output.WriteLine(await hostile);

        await Deadline.Until(() => listeners.All(l => l.Received == said), $"everyone has heard all {said} messages");
        Assert.All(listeners, listener => Assert.Null(listener.Fault));
        var (before99, p99) = (Percentile99(listeners.SelectMany(l => l.Latencies.Take(calm))), Percentile99(listeners.SelectMany(l => l.Latencies.Skip(calm))));
        output.WriteLine($"{said} messages to {Listeners} clients: p99 {before99.TotalMilliseconds:0.0} ms without the flood, {p99.TotalMilliseconds:0.0} ms with it");
        var memory = 0L;
        await Deadline.Until(async () => (memory = await QuietMemoryAsync(gateway)) <= before * 1.1, $"the memory is back from {before >> 20} MiB", TimeSpan.FromSeconds(90));
        output.WriteLine($"memory: {before >> 20} MiB before, {memory >> 20} MiB after");
        // Where something else keeps the machine busy, what the flood itself adds is bounded.
        Assert.True(p99 < MostLatency || p99 < 4 * before99, $"p99 {p99.TotalMilliseconds:0} ms, {before99.TotalMilliseconds:0} ms without the flood");
        foreach (var listener in listeners) listener.Dispose();
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
        string[] arguments = ["-n", "5", "node", script, gateway.Server.Port.ToString(CultureInfo.InvariantCulture), time.TotalSeconds.ToString(CultureInfo.InvariantCulture)];
        using var hostile = Process.Start(new ProcessStartInfo("nice", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            await PinAsync(hostile.Id, core: 1);
            var errors = hostile.StandardError.ReadToEndAsync();
            var answer = await hostile.StandardOutput.ReadToEndAsync().Within("the hostile process to end", time + TimeSpan.FromSeconds(30));
            Assert.Equal("", await errors);
            Assert.Contains("\"tried\"", answer, StringComparison.Ordinal);
            return answer;
        }
        finally
        {
            if (!hostile.HasExited) hostile.Kill();
        }
    }

    /// <summary>All threads of the process on one core.</summary>
    private static async Task PinAsync(int process, int core)
    {
        using var taskset = Process.Start("taskset", ["-a", "-c", "-p", (core % Environment.ProcessorCount).ToString(CultureInfo.InvariantCulture), process.ToString(CultureInfo.InvariantCulture)]);
        await taskset.WaitForExitAsync().Within("taskset");
        Assert.Equal(0, taskset.ExitCode);
    }

    /// <summary>The resident memory in bytes, once it has stopped changing.</summary>
    private static async Task<long> QuietMemoryAsync(GatewayProcess gateway)
    {
        var last = 0L;
        var still = 0;
        await Deadline.Until(async () =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500));
            using var process = Process.GetProcessById(gateway.Id);
            var now = process.WorkingSet64;
            still = Math.Abs(now - last) < last / 100 ? still + 1 : 0;
            last = now;
            return still >= 16; // longer than the gateway waits before it gives memory back
        }, "the memory is quiet", TimeSpan.FromSeconds(90));
        return last;
    }
}
