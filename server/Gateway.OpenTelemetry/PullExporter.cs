using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Gateway.OpenTelemetry;

/// <summary>
/// The end of the SDK's pipeline: keeps what one collection brought until the scrape that asked for it takes it. Used by one scrape at a time.
/// Being for pulling only, it also spares the gauges' callbacks the collection that the SDK else makes at its shutdown.
/// </summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PullExporter : BaseExporter<Metric>, IPullMetricExporter
{
    private FamilyTable? _collected;

    /// <summary>Makes the SDK collect, and so export to here. Set by the reader that this exporter is given to.</summary>
    public Func<int, bool>? Collect { get; set; }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var table = new FamilyTable();
        foreach (var metric in batch) table.Add(MetricReading.From(metric));
        _collected = table;
        return ExportResult.Success;
    }

    /// <summary>An empty table where the SDK had nothing to export.</summary>
    public FamilyTable Take() => Interlocked.Exchange(ref _collected, null) ?? new FamilyTable();
}
