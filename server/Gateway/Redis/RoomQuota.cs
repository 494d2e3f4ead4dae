using Gateway.Configuration;
using Gateway.Core.Connections;
using StackExchange.Redis;

namespace Gateway.Redis;

/// <summary>
/// Bounds what rooms hold in Redis, on each server. Every replica reports the rooms into which it published; one of them at a time corrects the sizes of rooms whose history has
/// expired, and where there is too much, takes the history from the rooms that have been silent longest.
/// </summary>
internal sealed partial class RoomQuota : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly RedisServers _servers;
    private readonly Dictionary<RedisConnection, RoomQuotaServer> _quotas;
    private readonly TimeProvider _time;
    private readonly ILogger<RoomQuota> _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public RoomQuota(GatewayOptions options, RedisServers servers, RedisBackplane backplane, RedisKeys keys, GatewayMeter meter, TimeProvider time, ILogger<RoomQuota> logger)
    {
        var evicted = meter.Counter("gateway_redis_rooms_evicted_total", "Rooms whose history was taken from them in Redis, because all rooms together held too much.");
        _servers = servers;
        _quotas = servers.All.ToDictionary(server => server, server => new RoomQuotaServer(server, keys, options.Redis.HistoryMaxBytes, rooms =>
        {
            evicted.Add(rooms);
            Log.Evicted(logger, rooms, options.Redis.HistoryMaxBytes);
        }));
        _time = time;
        _logger = logger;
        meter.Gauge("gateway_redis_rooms_bytes", "About how many bytes the rooms' positions and histories take in Redis, on all servers.", () => _quotas.Values.Sum(quota => quota.Bytes));
        backplane.RoomUsed = room => _quotas[_servers.For(room)].Note(room);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(_quotas.Values.Select(KeepAsync));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(default);
        _stop.Dispose();
    }

    private async Task KeepAsync(RoomQuotaServer quota)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token)) await KeepOnceAsync(quota);
        }
        catch (OperationCanceledException)
        {
            // The replica stops.
        }
    }

    private async Task KeepOnceAsync(RoomQuotaServer quota)
    {
        try
        {
            await quota.KeepAsync();
        }
        catch (Core.Broadcast.BackplaneException)
        {
            // Redis is away: what was to be reported is reported later.
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Log.Failed(_logger, fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Rooms} rooms lost their history in Redis: all rooms together held more than {Bytes} bytes (redis.history_max_bytes)")]
        public static partial void Evicted(ILogger logger, int rooms, long bytes);

        [LoggerMessage(2, LogLevel.Error, "Looking after what rooms hold in Redis failed; it is tried again")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
