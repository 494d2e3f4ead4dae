using System.Text.Json;
using Gateway.AspNetCore.Options;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.MetricsStream;

/// <summary>
/// Publishes metrics at an interval: each replica its own in the room <c>metrics</c>, and the replica with the lowest id the sums of all
/// replicas in <c>metrics:cluster</c>. Publishes nothing in a room that is empty on all replicas, and does not read the source then. If a
/// read fails, that interval is skipped; a slow read delays the next one.
/// </summary>
internal sealed partial class MetricsBroadcaster(
    GatewayOptions options, IMetricsSource source, ReplicaLoadMeter load, ReplicaStatus status, IReplicaRegistry replicas,
    Publisher publisher, Supervisor supervisor, ILogger<MetricsBroadcaster> logger) : BackgroundService
{
    public const string Room = "metrics";
    public const string ClusterRoom = "metrics:cluster";

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
            status.Load = load.Read();
            var all = replicas.All;
            var isFirst = !all.Any(other => string.CompareOrdinal(other.Id, status.Id) < 0);
            if (isFirst && await publisher.HasMembersAsync(ClusterRoom)) await PublishAsync(ClusterRoom, ClusterFigures.Of(all), cancel);
            if (await publisher.HasMembersAsync(Room)) await PublishAsync(Room, await source.ReadAsync(cancel), cancel);
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

    private async Task PublishAsync(string room, object figures, CancellationToken cancel)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(figures, figures.GetType(), SnakeCase);
        await publisher.PublishAsync(Audience.Room(room), new Message("metrics", payload), cancel: cancel);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Metrics were not published because the backplane is not available: {Fault}")]
        public static partial void BackplaneAway(ILogger logger, string fault);
    }
}
