namespace Gateway.OpenTelemetry;

internal enum FamilyType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>
/// All series of one name. The name and the labels' names are valid; the help text and the labels' values may be any text.
/// </summary>
internal sealed record MetricFamily(string Name, FamilyType Type, string Help, IReadOnlyList<Series> Series);

internal readonly record struct Label(string Name, string Value);

/// <summary>The values of one combination of labels.</summary>
internal abstract record Series(IReadOnlyList<Label> Labels);

internal sealed record NumberSeries(IReadOnlyList<Label> Labels, double Value) : Series(Labels);

/// <param name="Labels">The labels.</param>
/// <param name="Buckets">The buckets, by rising bound. Values beyond the last bound are only in <paramref name="Count"/>.</param>
/// <param name="Sum">The sum of all values.</param>
/// <param name="Count">The number of all values.</param>
internal sealed record HistogramSeries(IReadOnlyList<Label> Labels, IReadOnlyList<Bucket> Buckets, double Sum, long Count) : Series(Labels);

/// <param name="UpperBound">The bound of the bucket.</param>
/// <param name="Count">The number of values in this bucket alone.</param>
internal readonly record struct Bucket(double UpperBound, long Count);
