namespace Gateway.Benchmarks.Load;

/// <summary>Runs the scenarios, the gateway and its peers in turn so that all meet the same machine, and reports medians.</summary>
internal static class FanOutProgram
{
    public static Task<int> RunAsync(string[] args) =>
        RunAsync(args, Gateway.Benchmarks.Load.Scenarios.All, options => new Report(options));

    /// <summary>Opaque frames instead of messages.</summary>
    public static Task<int> RunRelayAsync(string[] args) =>
        RunAsync(args, options => [Gateway.Benchmarks.Load.Scenarios.Relay(options)], options => new Report(options, "relay"));

    /// <summary>A hub of an application, as it was and with the one line that puts it on the gateway.</summary>
    public static Task<int> RunEmbeddedAsync(string[] args) =>
        RunAsync(args, Gateway.Benchmarks.Load.Scenarios.Embedded, options => new Report(options, "embedded"));

    private static async Task<int> RunAsync(
        string[] args, Func<FanOutOptions, IEnumerable<Scenario>> scenarios, Func<FanOutOptions, Report> makeReport)
    {
        if (FanOutOptions.Parse(args, out var options) is { } fault)
        {
            Console.Error.WriteLine(fault);
            return 2;
        }
        KeepOffTheServersCore();
        var report = makeReport(options);
        foreach (var scenario in scenarios(options).Where(s => options.Scenarios.Count == 0 || options.Scenarios.Contains(s.Name)))
        {
            var results = new List<Result>();
            for (var round = 1; round <= options.Repeat; round++)
            {
                foreach (var target in scenario.Targets)
                {
                    Console.Write($"{scenario.Name} {round}/{options.Repeat} {target.Name}: ");
                    var result = await scenario.RunAsync(target);
                    results.Add(result);
                    Console.WriteLine(scenario.Describe(result) + (result.IsNoisy ? "  (noisy)" : ""));
                }
            }
            report.Add(scenario, results);
        }
        Console.WriteLine();
        Console.WriteLine(report.Markdown());
        if (options.Write) report.Write();
        return 0;
    }

    /// <summary>The servers under test have the first core.</summary>
    public static void KeepOffTheServersCore()
    {
        if (!OperatingSystem.IsLinux() || Environment.ProcessorCount is <= 1 or > 62) return;
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        self.ProcessorAffinity = (nint)((1L << Environment.ProcessorCount) - 2);
    }
}

internal sealed record FanOutOptions(IReadOnlySet<string> Scenarios, int Subscribers, double Seconds, int Repeat, bool Write)
{
    /// <returns>What is wrong with the arguments.</returns>
    public static string? Parse(string[] args, out FanOutOptions options)
    {
        options = new FanOutOptions(new HashSet<string>(), 1000, 5, 3, false);
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--write":
                    options = options with { Write = true };
                    continue;
                case "--scenario":
                    options = options with { Scenarios = value.Split(',').ToHashSet() };
                    break;
                case "--subscribers" when int.TryParse(value, out var n) && n is > 0 and <= 20000:
                    options = options with { Subscribers = n };
                    break;
                case "--seconds" when double.TryParse(value, out var s) && s is > 0 and <= 60:
                    options = options with { Seconds = s };
                    break;
                case "--repeat" when int.TryParse(value, out var r) && r is > 0 and <= 20:
                    options = options with { Repeat = r };
                    break;
                default:
                    return $"{args[i]} {value}: unknown, or not a value for it";
            }
            i++;
        }
        var unknown = options.Scenarios.Except(Gateway.Benchmarks.Load.Scenarios.Names).ToList();
        return unknown.Count == 0
            ? null
            : $"unknown scenario {string.Join(", ", unknown)}; there are {string.Join(", ", Gateway.Benchmarks.Load.Scenarios.Names)}";
    }
}
