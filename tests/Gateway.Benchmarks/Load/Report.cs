using System.Globalization;
using System.Text;

namespace Gateway.Benchmarks.Load;

/// <summary>Medians as a Markdown table for each scenario, with ratios to the first peer, and a plot of all of them.</summary>
/// <param name="section">Whose place in docs/performance.md it is; the plot is of the fan-out.</param>
internal sealed class Report(FanOutOptions options, string section = Report.FanOut)
{
    public const string FanOut = "fanout";

    private readonly List<(Scenario Scenario, List<Row> Rows)> _scenarios = [];

    public void Add(Scenario scenario, IEnumerable<Result> results) =>
        _scenarios.Add((scenario, [.. results.GroupBy(r => r.Target).Select(g => Row.Of(scenario, [.. g]))]));

    public string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"Medians of {options.Repeat} runs of {options.Seconds:0.#} s. `~`: other processes used over 15 % of a core in every run.");
        foreach (var (scenario, rows) in _scenarios)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"**{scenario.Name}**: {scenario.Title}").AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"| server | {scenario.Unit} | ÷ {rows[^1].Name} | p50 ms | p99 ms | complete |")
                .AppendLine("|---|---:|---:|---:|---:|---|");
            foreach (var row in rows)
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"| {row.Name}{(row.IsNoisy ? " ~" : "")} | {row.Figure:#,0.##} | {row.Figure / Reference(rows, row).Figure:0.00} | "
                    + $"{row.P50:0.0} | {row.P99:0.0} | {row.Completeness} |");
            text.Replace($"÷ {rows[^1].Name} |", "÷ its peer |");
        }
        return text.ToString();
    }

    /// <summary>Puts the tables into docs/performance.md and the plot beside it.</summary>
    public void Write()
    {
        var page = Path.Combine(Targets.Root(), "docs", "performance.md");
        var text = File.ReadAllText(page);
        var (begin, end) = (
            text.IndexOf($"<!-- {section}:begin -->", StringComparison.Ordinal),
            text.IndexOf($"<!-- {section}:end -->", StringComparison.Ordinal));
        if (begin < 0 || end < begin) throw new InvalidOperationException($"{page} has no place for the tables of {section}");
        File.WriteAllText(page, $"{text[..begin]}<!-- {section}:begin -->\n\n{Markdown()}\n{text[end..]}");
        if (section == FanOut) File.WriteAllText(Path.ChangeExtension(page, ".svg"), Plot.Svg(_scenarios));
    }

    /// <summary>
    /// What a user would have otherwise: for SignalR clients the stock hub, for raw ones the plain broadcaster; else the last row.
    /// </summary>
    internal static Row Reference(List<Row> rows, Row row) =>
        rows.Find(
            r => r.Name == (row.Name.Contains("SignalR", StringComparison.Ordinal) ? Targets.StockSignalR : Targets.PlainBroadcaster).Name)
            ?? rows[^1];

    internal sealed record Row(string Name, double Figure, double P50, double P99, string Completeness, bool IsNoisy)
    {
        public static Row Of(Scenario scenario, List<Result> results)
        {
            var quiet = results.Where(r => !r.IsNoisy).ToList();
            var counted = quiet.Count > 0 ? quiet : results;
            var (missing, mixedUp, closed) = (results.Sum(r => r.Missing), results.Sum(r => r.OutOfOrder), results.Sum(r => r.Closed));
            var completeness = missing + mixedUp + closed == 0 ? "yes" : $"{missing} missing, {mixedUp} out of order, {closed} closed";
            return new Row(
                results[0].Target, Median(counted.Select(scenario.Figure)), Median(counted.Select(r => r.P50Ms)),
                Median(counted.Select(r => r.P99Ms)), completeness, quiet.Count == 0);
        }

        private static double Median(IEnumerable<double> values)
        {
            var sorted = values.Order().ToArray();
            return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
        }
    }
}
