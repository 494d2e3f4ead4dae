namespace Gateway.OpenTelemetry;

internal enum FamilyType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>Everything of one name on the page. Name and labels' names are valid already; help and labels' values are any text.</summary>
internal sealed record MetricFamily(string Name, FamilyType Type, string Help, IReadOnlyList<Series> Series);

internal readonly record struct Label(string Name, string Value);

/// <summary>One combination of labels.</summary>
internal abstract record Series(IReadOnlyList<Label> Labels);

internal sealed record NumberSeries(IReadOnlyList<Label> Labels, double Value) : Series(Labels);

/// <param name="Buckets">By rising bound. What is beyond the last bound is in <paramref name="Count"/> alone.</param>
internal sealed record HistogramSeries(IReadOnlyList<Label> Labels, IReadOnlyList<Bucket> Buckets, double Sum, long Count) : Series(Labels);

/// <param name="Count">Of this bucket alone.</param>
internal readonly record struct Bucket(double UpperBound, long Count);
