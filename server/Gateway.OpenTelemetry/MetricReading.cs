using Gateway.Core.Connections;
using OpenTelemetry.Metrics;

namespace Gateway.OpenTelemetry;

/// <summary>Copies the SDK's aggregated metrics, which are valid only during an export.</summary>
internal static class MetricReading
{
    public static InstrumentReading From(Metric metric)
    {
        var type = TypeOf(metric.MetricType);
        // An up-down counter counts things; the unit "1" makes only a gauge a ratio.
        var unit = metric.MetricType.IsSum() && metric.Unit == "1" ? null : metric.Unit;
        var series = new List<Series>();
        var own = OwnTagsOf(metric);
        foreach (ref readonly var point in metric.GetMetricPoints()) series.Add(SeriesFrom(metric.MetricType, point, own));
        var help = string.IsNullOrWhiteSpace(metric.Description) ? $"{metric.Name} of {metric.MeterName}" : metric.Description;
        return new InstrumentReading(ScopeOf(metric), new MetricFamily(PrometheusName.Metric(metric.Name, unit, type), type, help, series));
    }

    private static FamilyType TypeOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => FamilyType.Counter,
        MetricType.Histogram or MetricType.ExponentialHistogram => FamilyType.Histogram,
        _ => FamilyType.Gauge,
    };

    private static Series SeriesFrom(MetricType type, in MetricPoint point, IEnumerable<KeyValuePair<string, object?>> ownTags)
    {
        var tags = new List<KeyValuePair<string, object?>>(point.Tags.Count);
        foreach (var tag in point.Tags) tags.Add(tag);
        tags.AddRange(ownTags);
        var labels = LabelSet.From(tags, reserved: TypeOf(type) is FamilyType.Histogram ? "le" : null);
        return type switch
        {
            MetricType.LongSum or MetricType.LongSumNonMonotonic => new NumberSeries(labels, point.GetSumLong()),
            MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => new NumberSeries(labels, point.GetSumDouble()),
            MetricType.LongGauge => new NumberSeries(labels, point.GetGaugeLastValueLong()),
            MetricType.DoubleGauge => new NumberSeries(labels, point.GetGaugeLastValueDouble()),
            MetricType.Histogram => new HistogramSeries(labels, BucketsOf(point), point.GetHistogramSum(), point.GetHistogramCount()),
            // The text format has no exponential buckets: count and sum remain.
            MetricType.ExponentialHistogram => new HistogramSeries(labels, [], point.GetHistogramSum(), point.GetHistogramCount()),
            _ => throw new NotSupportedException($"metric type {type}"),
        };
    }

    private static List<Bucket> BucketsOf(in MetricPoint point)
    {
        var buckets = new List<Bucket>();
        foreach (var bucket in point.GetHistogramBuckets())
        {
            if (double.IsFinite(bucket.ExplicitBound)) buckets.Add(new Bucket(bucket.ExplicitBound, bucket.BucketCount));
        }
        return buckets;
    }

    private static List<Label> ScopeOf(Metric metric)
    {
        var scope = new List<Label> { new("otel_scope_name", metric.MeterName) };
        if (!string.IsNullOrEmpty(metric.MeterVersion)) scope.Add(new Label("otel_scope_version", metric.MeterVersion));
        if (metric.MeterName != GatewayMeter.Name) scope.AddRange(LabelSet.From(metric.MeterTags ?? [], prefix: "otel_scope_"));
        return scope;
    }

    /// <summary>The gateway has a meter for each domain. A label of every series names the domain, not the scope of the meter.</summary>
    private static IEnumerable<KeyValuePair<string, object?>> OwnTagsOf(Metric metric) =>
        metric.MeterName == GatewayMeter.Name ? metric.MeterTags ?? [] : [];
}
