using System.Text.Json;
using Gateway.Configuration;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Metrics;

/// <summary>
/// Publishes the source's figures into the room <c>metrics</c>, tick by tick. Nobody in the room, on any replica: the source is not asked. A source
/// that fails costs its tick; a slow one delays the next.
/// </summary>
internal sealed partial class MetricsBroadcaster(
    GatewayOptions options, IMetricsSource source, Publisher publisher, TimeProvider time, ILogger<MetricsBroadcaster> logger) : BackgroundService
{
    public const string Room = "metrics";

    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.MetricsStream.Enabled) return;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.MetricsStream.IntervalMs), time); // ticks that were missed count as one
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await TickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The gateway stops.
        }
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
            Log.Failed(logger, fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The metrics source failed; the stream goes on with the next tick")]
        public static partial void Failed(ILogger logger, Exception fault);

        [LoggerMessage(2, LogLevel.Debug, "No metrics this tick, the backplane is away: {Fault}")]
        public static partial void BackplaneAway(ILogger logger, string fault);
    }
}
