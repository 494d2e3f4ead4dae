using System.Globalization;
using System.Security;
using System.Text;

namespace Gateway.Benchmarks.Load;

/// <summary>A bar for each server and scenario, as SVG that is legible on a light page and on a dark one.</summary>
internal static class Plot
{
    private const int Width = 760;
    private const int BarLeft = 230;
    private const int BarWidth = 400;
    private const int RowHeight = 22;

    public static string Svg(List<(Scenario Scenario, List<Report.Row> Rows)> scenarios)
    {
        var body = new StringBuilder();
        var y = 24;
        foreach (var (scenario, rows) in scenarios)
        {
            body.AppendLine(
                CultureInfo.InvariantCulture,
                $"<text x=\"8\" y=\"{y}\" class=\"t\">{SecurityElement.Escape($"{scenario.Title}: {scenario.Unit}")}</text>");
            y += 12;
            var largest = rows.Max(r => r.Figure);
            foreach (var row in rows)
            {
                var width = Math.Max(1, row.Figure / largest * BarWidth);
                var ours = row.Name.StartsWith("gateway", StringComparison.Ordinal) ? "g" : "p";
                body.AppendLine(CultureInfo.InvariantCulture,
                    $"<text x=\"{BarLeft - 8}\" y=\"{y + 13}\" text-anchor=\"end\">{SecurityElement.Escape(row.Name)}</text><rect "
                    + $"x=\"{BarLeft}\" y=\"{y + 2}\" width=\"{width:0.0}\" height=\"14\" class=\"{ours}\"/><text "
                    + $"x=\"{BarLeft + width + 6:0.0}\" y=\"{y + 13}\">{row.Figure:#,0.##}</text>");
                y += RowHeight;
            }
            y += 28;
        }
        return $$$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{{Width}}} {{{y}}}" font-family="sans-serif" font-size="12" role="img">
            <style>text{fill:#57606a}.t{font-weight:bold}.g{fill:#2f81f7}.p{fill:#8c959f}
            @media(prefers-color-scheme:dark){text{fill:#adbac7}}</style>
            {{{body}}}</svg>

            """;
    }
}
