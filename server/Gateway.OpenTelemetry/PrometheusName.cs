using System.Text;

namespace Gateway.OpenTelemetry;

/// <summary>
/// Converts names to Prometheus as the OpenTelemetry specification says
/// (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/): invalid characters become underscores, the unit
/// becomes a suffix, a counter ends in <c>_total</c>. A name that already follows these rules stays as it is.
/// </summary>
internal static class PrometheusName
{
    private const string Total = "_total";

    public static string Metric(string instrument, string? unit, FamilyType type)
    {
        var name = Valid(instrument);
        var isCounter = type is FamilyType.Counter;
        if (isCounter && name.Length > Total.Length && name.EndsWith(Total, StringComparison.Ordinal)) name = name[..^Total.Length];
        var suffix = unit == "1" && type is FamilyType.Gauge ? "ratio" : PrometheusUnit.Suffix(unit);
        if (suffix.Length > 0 && name != suffix && !name.EndsWith("_" + suffix, StringComparison.Ordinal)) name += "_" + suffix;
        return isCounter ? name + Total : name;
    }

    public static string Label(string key) => Valid(key);

    /// <summary>
    /// Returns a name that is valid for metrics and labels: a letter or an underscore, then letters, digits and underscores. If anything is
    /// replaced, adjacent underscores become one, so that <c>__name__.</c> cannot become one of Prometheus' own labels.
    /// </summary>
    internal static string Valid(string name)
    {
        if (IsValid(name)) return name;
        var valid = new StringBuilder(name.Length + 1);
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) valid.Append('_');
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c)) valid.Append(c);
            else if (valid.Length == 0 || valid[^1] != '_') valid.Append('_');
        }
        return valid.ToString();
    }

    /// <summary>Names that start with two underscores are reserved for Prometheus.</summary>
    private static bool IsValid(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && !name.StartsWith("__", StringComparison.Ordinal)
            && name.All(static c => c == '_' || char.IsAsciiLetterOrDigit(c));
}
