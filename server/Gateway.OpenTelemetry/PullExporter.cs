using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Gateway.OpenTelemetry;

/// <summary>
/// The end of the SDK's pipeline. It keeps the result of a collection until the scrape that requested it takes the result. One scrape uses
/// it at a time. Because it exports on demand only, the SDK does not run the gauges' callbacks once more at shutdown.
/// </summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PullExporter : BaseExporter<Metric>, IPullMetricExporter
{
    private FamilyTable? _collected;

    /// <summary>Makes the SDK collect and export to this exporter. The reader sets it.</summary>
    public Func<int, bool>? Collect { get; set; }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var table = new FamilyTable();
        foreach (var metric in batch) table.Add(MetricReading.From(metric));
        _collected = table;
        return ExportResult.Success;
    }

    /// <summary>Takes the collected metrics; an empty table if the SDK had nothing to export.</summary>
    public FamilyTable Take() => Interlocked.Exchange(ref _collected, null) ?? new FamilyTable();
}
