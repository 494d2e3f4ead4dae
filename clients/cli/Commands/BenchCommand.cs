using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Gateway.Client;
using Spectre.Console;

namespace Gateway.Cli.Commands;

/// <summary>
/// <c>gateway-cli bench</c>: sends messages to a room at a given rate and measures how long they take to reach the connections in it. It
/// gives a first impression; use <c>tests/Gateway.Benchmarks</c> for figures.
/// </summary>
internal static class BenchCommand
{
    private const int MostConnections = 2000;
    private const int MostSeconds = 300;
    private const int MostPerSecond = 5000;

    public static Command Make(Func<ParseResult, string?, Session> connect)
    {
        var connections = Bounded("--connections", "The number of receiving connections", 100, MostConnections);
        var rate = Bounded("--rate", "Messages per second", 20, MostPerSecond);
        var seconds = Bounded("--seconds", "The duration in seconds", 10, MostSeconds);
        var command = new Command("bench", "Measure deliveries and latency in a room of its own") { connections, rate, seconds };
        command.SetAction((result, cancel) =>
        {
            var session = connect(result, "bench");
            return session.RunAsync(
                (client, over) => MeasureAsync(
                    session, client, result.GetValue(connections), result.GetValue(rate), result.GetValue(seconds), over),
                cancel);
        });
        return command;
    }

    private static Option<int> Bounded(string name, string description, int usual, int most)
    {
        var option = new Option<int>(name) { Description = $"{description}; 1 to {most}", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && (value < 1 || value > most))
                result.AddError($"{name} must be from 1 to {most}, not {value}");
        });
        return option;
    }

    private static async Task MeasureAsync(
        Session session, GatewayClient speaker, int connections, int rate, int seconds, CancellationToken cancel)
    {
        var room = "bench-" + Guid.NewGuid().ToString("N")[..8];
        var latencies = new List<double>();
        var listeners = new List<GatewayClient>();
        try
        {
            await ShowAsync("connecting", connections, async step =>
            {
                for (var i = 0; i < connections; i++)
                {
                    var listener = session.Make(new GatewayClientOptions { Username = "bench" });
                    listeners.Add(listener);
                    listener.OnChat(chat =>
                    {
                        var took = Stopwatch.GetElapsedTime(long.Parse(chat.Content, CultureInfo.InvariantCulture)).TotalMilliseconds;
                        lock (latencies) latencies.Add(took);
                    });
                    await Session.ConnectAsync(listener, cancel);
                    await listener.JoinAsync(room, cancel);
                    step();
                }
            });
            await speaker.JoinAsync(room, cancel);
            var (began, sent, refused) = (Stopwatch.GetTimestamp(), 0L, 0L);
            await ShowAsync("measuring", seconds * rate, async step =>
            {
                while (Stopwatch.GetElapsedTime(began).TotalSeconds is var now && now < seconds)
                {
                    if (sent / (double)rate > now) await Task.Delay(TimeSpan.FromSeconds((sent / (double)rate) - now), cancel);
                    _ = speaker.ChatAsync(Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture), room, cancel)
                        .ContinueWith(done => _ = done.IsFaulted ? Interlocked.Increment(ref refused) : 0, TaskScheduler.Default);
                    sent++;
                    step();
                }
            });
            for (var i = 0; i < 100 && Count(latencies) < sent * connections; i++) await Task.Delay(20, cancel);
            Report(latencies, sent, connections, Stopwatch.GetElapsedTime(began).TotalSeconds, refused);
        }
        finally
        {
            await Task.WhenAll(listeners.Select(listener => listener.DisposeAsync().AsTask()));
        }
    }

    private static int Count(List<double> latencies)
    {
        lock (latencies) return latencies.Count;
    }

    private static void Report(List<double> latencies, long sent, int connections, double seconds, long refused)
    {
        double[] sorted;
        lock (latencies) sorted = [.. latencies.Order()];
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"sent {sent:#,0}, delivered {sorted.Length:#,0} of {sent * connections:#,0}, "
            + $"{sorted.Length / seconds:#,0} a second{(refused > 0 ? $", {refused} refused (a rate limit?)" : "")}"));
        if (sorted.Length == 0) return;
        string At(double part) =>
            sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * part)].ToString("0.0", CultureInfo.InvariantCulture);
        Console.WriteLine($"latency ms: p50 {At(0.5)}, p90 {At(0.9)}, p99 {At(0.99)}, longest {At(1)}");
    }

    /// <summary>Shows a progress bar at a terminal, and nothing if the output is redirected.</summary>
    private static Task ShowAsync(string what, int steps, Func<Action, Task> work) => Console.IsOutputRedirected
        ? work(static () => { })
        : AnsiConsole.Progress().StartAsync(progress =>
        {
            var bar = progress.AddTask(what, maxValue: steps);
            return work(() => bar.Increment(1));
        });
}
