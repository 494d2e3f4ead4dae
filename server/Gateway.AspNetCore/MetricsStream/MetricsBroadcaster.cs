using System.Text.Json;
using Gateway.AspNetCore.Options;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.MetricsStream;

/// <summary>
/// Publishes metrics in the room <c>metrics</c> at an interval. Does not read the source while the room is empty on all replicas. If a read
/// fails, that interval is skipped; a slow read delays the next one.
/// </summary>
internal sealed partial class MetricsBroadcaster(
    GatewayOptions options, IMetricsSource source, Publisher publisher, Supervisor supervisor,
    ILogger<MetricsBroadcaster> logger) : BackgroundService
{
    public const string Room = "metrics";

    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly SupervisedLoop _loop = supervisor.Loop("metrics_stream");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.MetricsStream.Enabled) return;
        await _loop.EveryAsync(TimeSpan.FromMilliseconds(options.MetricsStream.IntervalMs), TickAsync, stoppingToken);
    }

    private async Task TickAsync(CancellationToken cancel)
    {
        try
        {
            if (!await publisher.HasMembersAsync(Room)) return;
            var figures = await source.ReadAsync(cancel);
            var payload = JsonSerializer.SerializeToUtf8Bytes(figures, figures.GetType(), SnakeCase);
            await publisher.PublishAsync(Audience.Room(Room), new Message("metrics", payload), cancel: cancel);
        }
        catch (BackplaneException fault)
        {
            Log.BackplaneAway(logger, fault.Message);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            _loop.Report(fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Metrics were not published because the backplane is not available: {Fault}")]
        public static partial void BackplaneAway(ILogger logger, string fault);
    }
}
