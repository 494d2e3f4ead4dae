using System.Globalization;
using System.Text;
using Gateway.Benchmarks.Load;

namespace Gateway.Benchmarks.History;

/// <summary>What it costs to keep what was said, and to give it out again: medians, as Markdown.</summary>
internal static class HistoryProgram
{
    private const string Begin = "<!-- history:begin -->";
    private const string End = "<!-- history:end -->";
    private const int Kept = 100;
    private const int Bytes = 128;
    private const int Returning = 1000;

    public static async Task<int> RunAsync(string[] args)
    {
        if (FanOutOptions.Parse(args, out var options) is { } fault)
        {
            Console.Error.WriteLine(fault);
            return 2;
        }
        FanOutProgram.KeepOffTheServersCore();
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"Medians of {options.Repeat} runs of {options.Seconds:0.#} s. `~`: other processes used over 15 % of a core in every run.")
            .AppendLine();
        await CostAsync(text, options);
        await ResumeAsync(text, options);
        await MemoryAsync(text);
        Console.WriteLine();
        Console.WriteLine(text);
        if (options.Write) Write(text.ToString());
        return 0;
    }

    private static async Task CostAsync(StringBuilder text, FanOutOptions options)
    {
        (string Name, int History, bool WithRedis)[] rows =
            [
                ("in process, history 0", 0, false), ($"in process, history {Kept}", Kept, false), ("Redis, history 0", 0, true),
                ($"Redis, history {Kept}", Kept, true)
            ];
        var costs = rows.ToDictionary(row => row.Name, _ => new List<MessageCost>());
        for (var round = 1; round <= options.Repeat; round++)
        {
            foreach (var (name, history, withRedis) in rows)
            {
                var cost = await MessageCost.MeasureAsync(history, withRedis, options.Seconds);
                costs[name].Add(cost);
                Console.WriteLine($"{name} {round}/{options.Repeat}: {cost.MessagesPerSecond:#,0} messages/s, {cost.ServerMicros:0.0} µs");
            }
        }
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"16 rooms of one raw client each, which sends {Bytes} bytes as fast as its own messages come back:").AppendLine();
        text.AppendLine("| backplane | messages/s | µs of the server's CPU per message | µs of Redis's | Redis commands per message |")
            .AppendLine("|---|---:|---:|---:|---|");
        foreach (var (name, _, _) in rows)
        {
            var all = costs[name];
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {name}{Mark(all.Select(c => c.Foreign))} | {Median(all, c => c.MessagesPerSecond):#,0} | "
                + $"{Median(all, c => c.ServerMicros):0.0} | {Median(all, c => c.RedisMicros):0.0} | {Calls(all[^1].Calls)} |");
        }
    }

    private static async Task ResumeAsync(StringBuilder text, FanOutOptions options)
    {
        (string Name, bool WithRedis)[] rows = [("one replica", false), ("two replicas and Redis", true)];
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"{Returning:#,0} clients, half raw and half SignalR, connect and then ask all at once for the {Kept} messages that they "
            + $"missed:").AppendLine();
        text.AppendLine(
            "| | connected after s | the last had everything after s more | µs of the servers' CPU per message | Redis commands per client "
            + "| complete |").AppendLine("|---|---:|---:|---:|---:|---|");
        foreach (var (name, withRedis) in rows)
        {
            var all = new List<ResumeCost>();
            for (var round = 1; round <= options.Repeat; round++)
            {
                all.Add(await ResumeCost.MeasureAsync(Returning, Kept, withRedis));
                Console.WriteLine($"resume, {name} {round}/{options.Repeat}: {all[^1].Seconds:0.00} s, {all[^1].CpuMicros:0.00} µs");
            }
            var missing = all.Sum(r => r.Missing);
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {name}{Mark(all.Select(c => c.Foreign))} | {Median(all, r => r.ConnectSeconds):0.00} | "
                + $"{Median(all, r => r.Seconds):0.00} | {Median(all, r => r.CpuMicros):0.00} | {Median(all, r => r.RedisCalls):0.00} | "
                + $"{(missing == 0 ? "yes" : $"{missing} missing")} |");
        }
    }

    private static async Task MemoryAsync(StringBuilder text)
    {
        var memory = await RoomMemory.MeasureAsync(Kept, Bytes);
        var keys = memory.OrderByDescending(k => k.Value).GroupBy(k => Kind(k.Key)).Select(g => g.Count() == 1
            ? $"`{g.Key}` {g.Sum(k => k.Value):#,0}"
            : $"{g.Count()} × `{g.Key}` {g.Sum(k => k.Value):#,0}");
        text.AppendLine().AppendLine(
            CultureInfo.InvariantCulture,
            $"A room with {Kept} messages of {Bytes} bytes takes {memory.Values.Sum():#,0} bytes in Redis: {string.Join(", ", keys)}.");
    }

    /// <summary>The key without what differs from one message to the next.</summary>
    private static string Kind(string key) => string.Join(':', key.Split(':').Take(3));

    private static string Calls(IReadOnlyDictionary<string, double> calls) =>
        string.Join(
            ", ",
            calls.Where(c => c.Value >= 0.05).OrderByDescending(c => c.Value)
                .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {c.Value:0.0#}")));

    private static string Mark(IEnumerable<double> foreign) => foreign.All(f => f > 0.15) ? " ~" : "";

    private static double Median<T>(IReadOnlyCollection<T> all, Func<T, double> figure)
    {
        var sorted = all.Select(figure).Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static void Write(string text)
    {
        var page = Path.Combine(Targets.Root(), "docs", "performance.md");
        var old = File.ReadAllText(page);
        var (begin, end) = (old.IndexOf(Begin, StringComparison.Ordinal), old.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin) throw new InvalidOperationException($"{page} has no place for the tables between {Begin} and {End}");
        File.WriteAllText(page, $"{old[..begin]}{Begin}\n\n{text}\n{old[end..]}");
    }
}
