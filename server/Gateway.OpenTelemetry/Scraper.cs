using System.Buffers;
using OpenTelemetry.Metrics;

namespace Gateway.OpenTelemetry;

/// <summary>
/// Produces the page, one scrape at a time. If a gauge's callback hangs, its collection waits, but no scrape waits longer than
/// <see cref="Timeout"/>. The SDK's limits on streams and points bound the size of the page.
/// </summary>
internal sealed partial class Scraper(TimeProvider time, ILogger<Scraper> logger) : IAsyncDisposable
{
    /// <summary>Below Prometheus' default timeout of 10 s, so that Prometheus gets a status.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly PullExporter _exporter = new();
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Guarded by _turn.
    private readonly HashSet<string> _reportedConflicts = new(StringComparer.Ordinal);
    private int _lastSize = 4096;
    private Task _collecting = Task.CompletedTask;

    /// <summary>Creates the reader for the MeterProvider, which owns it.</summary>
    public MetricReader CreateReader() =>
        new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };

    /// <returns>The page; <c>null</c> if it was not ready in time or the collection failed, which is logged.</returns>
    public async Task<ReadOnlyMemory<byte>?> ScrapeAsync(CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            await _turn.WaitAsync(either.Token);
            var collecting = Task.Run(CollectAndRelease, CancellationToken.None); // callbacks may block and cannot be cancelled
            _collecting = collecting;
            return await collecting.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Log.TooSlow(logger, Timeout.TotalSeconds);
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _collecting.WaitAsync(Timeout, time);
        }
        catch (TimeoutException)
        {
            // A callback never returns. Its thread ends with the process.
        }
    }

    private ReadOnlyMemory<byte>? CollectAndRelease()
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
        if (!collect((int)Timeout.TotalMilliseconds))
        {
            Log.NotCollected(logger);
            return null;
        }
        var table = _exporter.Take();
        var page = new ArrayBufferWriter<byte>(_lastSize);
        PrometheusWriter.Write(page, table.ToFamilies());
        _lastSize = Math.Max(4096, page.WrittenCount);
        foreach (var conflict in table.Conflicts)
        {
            if (_reportedConflicts.Add(conflict)) Log.Conflict(logger, conflict);
        }
        return page.WrittenMemory;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A scrape failed: the metrics were not collected within {Seconds} s")]
        public static partial void TooSlow(ILogger logger, double seconds);

        [LoggerMessage(2, LogLevel.Error, "A scrape failed: an exception occurred while the metrics were collected")]
        public static partial void Failed(ILogger logger, Exception fault);

        [LoggerMessage(3, LogLevel.Warning, "A scrape failed: the OpenTelemetry SDK could not collect the metrics")]
        public static partial void NotCollected(ILogger logger);

        [LoggerMessage(4, LogLevel.Warning, "A metric is left out of the page: {Conflict}. Rename the instrument")]
        public static partial void Conflict(ILogger logger, string conflict);
    }
}
