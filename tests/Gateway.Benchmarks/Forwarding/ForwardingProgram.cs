using System.Globalization;
using System.Text;
using Gateway.Benchmarks.Load;

namespace Gateway.Benchmarks.Forwarding;

/// <summary>What it costs that a fallback transport's requests arrive at another replica: medians, as Markdown.</summary>
internal static class ForwardingProgram
{
    private const string Begin = "<!-- forwarding:begin -->";
    private const string End = "<!-- forwarding:end -->";
    private const int MostClients = 200;

    public static async Task<int> RunAsync(string[] args)
    {
        if (FanOutOptions.Parse(args, out var options) is { } fault)
        {
            Console.Error.WriteLine(fault);
            return 2;
        }
        FanOutProgram.KeepOffTheServersCore();
        var clients = Math.Min(options.Subscribers, MostClients);
        (string Name, Transport Transport, bool IsForwarded)[] rows =
        [
            ("server-sent events, at the owner", Transport.ServerSentEvents, false),
            ("server-sent events, at another replica", Transport.ServerSentEvents, true),
            ("long polling, at the owner", Transport.LongPolling, false), ("long polling, at another replica", Transport.LongPolling, true),
        ];
        var costs = rows.ToDictionary(row => row.Name, _ => new List<ForwardingCost>());
        for (var round = 1; round <= options.Repeat; round++)
        {
            foreach (var (name, transport, isForwarded) in rows)
            {
                var cost = await ForwardingCost.MeasureAsync(transport, isForwarded, clients, options.Seconds);
                costs[name].Add(cost);
                Console.WriteLine(
                    $"{name} {round}/{options.Repeat}: {cost.Micros:0.0} µs, p50 {cost.P50:0.0} ms, p99 {cost.P99:0.0} ms, round trip "
                    + $"{cost.RoundTripP50:0.00} ms, {cost.Missing} missing");
            }
        }
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{clients} SignalR clients in one room, 10 messages of 128 bytes a second, two replicas on one core. Medians of "
            + $"{options.Repeat} runs of {options.Seconds:0.#} s. `~`: other processes used over 15 % of a core in every "
            + $"run.").AppendLine();
        text.AppendLine("| | µs of both replicas' CPU per delivery | p50 ms | p99 ms | `ping` and its answer, p50 ms | complete |")
            .AppendLine("|---|---:|---:|---:|---:|---|");
        foreach (var (name, _, _) in rows)
        {
            var all = costs[name];
            var missing = all.Sum(c => c.Missing);
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {name}{(all.All(c => c.Foreign > 0.15) ? " ~" : "")} | {Median(all, c => c.Micros):0.0} | "
                + $"{Median(all, c => c.P50):0.0} | {Median(all, c => c.P99):0.0} | {Median(all, c => c.RoundTripP50):0.00} | "
                + $"{(missing == 0 ? "yes" : $"{missing} missing")} |");
        }
        Console.WriteLine();
        Console.WriteLine(text);
        if (options.Write) Write(text.ToString());
        return 0;
    }

    private static double Median(List<ForwardingCost> all, Func<ForwardingCost, double> figure)
    {
        var sorted = all.Select(figure).Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static void Write(string text)
    {
        var page = Path.Combine(Targets.Root(), "docs", "performance.md");
        var old = File.ReadAllText(page);
        var (begin, end) = (old.IndexOf(Begin, StringComparison.Ordinal), old.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin) throw new InvalidOperationException($"{page} has no place for the table between {Begin} and {End}");
        File.WriteAllText(page, $"{old[..begin]}{Begin}\n\n{text}\n{old[end..]}");
    }
}
