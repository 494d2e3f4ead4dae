namespace Gateway.OpenTelemetry;

/// <summary>Converts units of UCUM (<c>By/s</c>) to Prometheus' words (<c>bytes_per_second</c>).</summary>
internal static class PrometheusUnit
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["d"] = "days",
        ["h"] = "hours",
        ["min"] = "minutes",
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["By"] = "bytes",
        ["KBy"] = "kilobytes",
        ["MBy"] = "megabytes",
        ["GBy"] = "gigabytes",
        ["TBy"] = "terabytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["GiBy"] = "gibibytes",
        ["TiBy"] = "tebibytes",
        ["m"] = "meters",
        ["V"] = "volts",
        ["A"] = "amperes",
        ["J"] = "joules",
        ["W"] = "watts",
        ["g"] = "grams",
        ["Cel"] = "celsius",
        ["Hz"] = "hertz",
        ["%"] = "percent",
        ["$"] = "dollars",
        ["1"] = "",
    };

    private static readonly Dictionary<string, string> PerWords = new(StringComparer.Ordinal)
    {
        ["s"] = "second",
        ["m"] = "minute",
        ["min"] = "minute",
        ["h"] = "hour",
        ["d"] = "day",
        ["w"] = "week",
        ["mo"] = "month",
        ["y"] = "year",
    };

    /// <returns>The suffix without its leading underscore; empty if the name needs none.</returns>
    public static string Suffix(string? unit)
    {
        if (string.IsNullOrEmpty(unit)) return "";
        var parts = WithoutAnnotations(unit).Split('/', 2, StringSplitOptions.TrimEntries);
        var main = Word(Words, parts[0]);
        var per = parts.Length == 2 ? Word(PerWords, parts[1]) : "";
        if (per.Length == 0) return main;
        return main.Length == 0 ? "per_" + per : $"{main}_per_{per}";
    }

    private static string Word(Dictionary<string, string> words, string unit) =>
        words.TryGetValue(unit, out var word) ? word : unit.Length == 0 ? "" : PrometheusName.Valid(unit).Trim('_');

    /// <summary>Text in braces, as in <c>{connection}</c>, says what is counted. It is not a unit.</summary>
    private static string WithoutAnnotations(string unit)
    {
        for (var open = unit.IndexOf('{', StringComparison.Ordinal); open >= 0; open = unit.IndexOf('{', StringComparison.Ordinal))
        {
            var close = unit.IndexOf('}', open);
            unit = close < 0 ? unit[..open] : unit.Remove(open, close - open + 1);
        }
        return unit;
    }
}
