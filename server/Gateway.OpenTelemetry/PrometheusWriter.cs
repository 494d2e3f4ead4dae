using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.OpenTelemetry;

/// <summary>
/// Writes the text exposition format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/):
/// <code>
/// # HELP name text            backslash and line feed escaped
/// # TYPE name counter | gauge | histogram
/// name{label="value",…} 1.5   backslash, quote and line feed escaped
/// </code>
/// A histogram has the samples <c>name_bucket</c> with the label <c>le</c>, where each bucket includes all lower ones, then <c>name_sum</c>
/// and <c>name_count</c>. Every line, the last one included, ends with a line feed. A family without series is left out.
/// </summary>
internal static class PrometheusWriter
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static void Write(IBufferWriter<byte> output, IEnumerable<MetricFamily> families)
    {
        foreach (var family in families)
        {
            if (family.Series.Count > 0) WriteFamily(output, family);
        }
    }

    private static void WriteFamily(IBufferWriter<byte> output, MetricFamily family)
    {
        Text(output, $"# HELP {family.Name} {EscapeHelp(family.Help)}\n# TYPE {family.Name} {TypeName(family.Type)}\n");
        foreach (var series in family.Series)
        {
            switch (series)
            {
                case NumberSeries number:
                    Sample(output, family.Name, number.Labels, null, number.Value);
                    break;
                case HistogramSeries histogram:
                    WriteHistogram(output, family.Name, histogram);
                    break;
            }
        }
    }

    private static void WriteHistogram(IBufferWriter<byte> output, string name, HistogramSeries series)
    {
        var upToHere = 0L;
        foreach (var bucket in series.Buckets)
        {
            upToHere += bucket.Count;
            Sample(output, name + "_bucket", series.Labels, Number(bucket.UpperBound), upToHere);
        }
        Sample(output, name + "_bucket", series.Labels, Number(double.PositiveInfinity), series.Count);
        Sample(output, name + "_sum", series.Labels, null, series.Sum);
        Sample(output, name + "_count", series.Labels, null, series.Count);
    }

    private static void Sample(IBufferWriter<byte> output, string name, IReadOnlyList<Label> labels, string? bound, double value)
    {
        Text(output, name);
        if (labels.Count > 0 || bound is not null)
        {
            var separator = '{';
            foreach (var label in labels)
            {
                Text(output, $"{separator}{label.Name}=\"{EscapeValue(label.Value)}\"");
                separator = ',';
            }
            if (bound is not null) Text(output, $"{separator}le=\"{bound}\"");
            Text(output, "}");
        }
        Text(output, $" {Number(value)}\n");
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string TypeName(FamilyType type) => type switch
    {
        FamilyType.Counter => "counter",
        FamilyType.Gauge => "gauge",
        _ => "histogram",
    };

    private static string EscapeHelp(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string EscapeValue(string text) => EscapeHelp(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    /// <summary>An unpaired surrogate, which UTF-8 cannot encode, becomes U+FFFD.</summary>
    private static void Text(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}
