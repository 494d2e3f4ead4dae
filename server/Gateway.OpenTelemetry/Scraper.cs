using System.Buffers;
using OpenTelemetry.Metrics;

namespace Gateway.OpenTelemetry;

/// <summary>
/// Makes the page, one scrape at a time. A gauge whose callback hangs keeps its own collection waiting, but no scrape longer than
/// <see cref="Patience"/>; the size is bounded by the SDK's limits on streams and on points of a stream.
/// </summary>
internal sealed partial class Scraper(TimeProvider time, ILogger<Scraper> logger) : IAsyncDisposable
{
    /// <summary>Below Prometheus' own default of 10 s, so that it hears the reason.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly PullExporter _exporter = new();
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Guarded by _turn.
    private readonly HashSet<string> _toldConflicts = new(StringComparer.Ordinal);
    private int _lastSize = 4096;
    private Task _collecting = Task.CompletedTask;

    /// <summary>For the MeterProvider, which owns it.</summary>
    public MetricReader CreateReader() => new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };

    /// <returns>The page; null where it was not ready in time or the collection failed, which is logged.</returns>
    public async Task<ReadOnlyMemory<byte>?> ScrapeAsync(CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            await _turn.WaitAsync(either.Token);
            var collecting = Task.Run(CollectAndPassOn, CancellationToken.None); // callbacks may block, and cannot be cancelled
            _collecting = collecting;
            return await collecting.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Log.TooSlow(logger, Patience.TotalSeconds);
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _collecting.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            // A callback that never returns: its thread ends with the process.
        }
    }

    private ReadOnlyMemory<byte>? CollectAndPassOn()
    {
        try
        {
            return Collect();
        }
        catch (Exception fault)
        {
            Log.Failed(logger, fault);
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    private ReadOnlyMemory<byte>? Collect()
    {
        var collect = _exporter.Collect ?? throw new InvalidOperationException("the MeterProvider has not been built yet");
        if (!collect((int)Patience.TotalMilliseconds))
        {
            Log.Refused(logger);
            return null;
        }
        var table = _exporter.Take();
        var page = new ArrayBufferWriter<byte>(_lastSize);
        PrometheusWriter.Write(page, table.ToFamilies());
        _lastSize = Math.Max(4096, page.WrittenCount);
        foreach (var conflict in table.Conflicts)
        {
            if (_toldConflicts.Add(conflict)) Log.Conflict(logger, conflict);
        }
        return page.WrittenMemory;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "No metrics for this scrape: not collected within {Seconds} s")]
        public static partial void TooSlow(ILogger logger, double seconds);

        [LoggerMessage(2, LogLevel.Error, "No metrics for this scrape: the collection failed")]
        public static partial void Failed(ILogger logger, Exception fault);

        [LoggerMessage(3, LogLevel.Warning, "No metrics for this scrape: the SDK could not collect them")]
        public static partial void Refused(ILogger logger);

        [LoggerMessage(4, LogLevel.Warning, "Left out of the metrics: {Conflict}")]
        public static partial void Conflict(ILogger logger, string conflict);
    }
}
