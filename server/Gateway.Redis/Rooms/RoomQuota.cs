using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;
using Gateway.Redis.Options;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Limits the size of the rooms on each Redis server. Every replica reports the rooms into which it published. One replica at a time
/// corrects the sizes of rooms whose histories have expired and, above the limit, evicts the histories of the rooms that have been idle
/// longest.
/// </summary>
internal sealed partial class RoomQuota : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly RedisServers _servers;
    private readonly Dictionary<RedisConnection, RoomQuotaServer> _quotas;
    private readonly SupervisedLoop _loop;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public RoomQuota(
        RedisOptions options, RedisServers servers, RedisBackplane backplane, RedisKeys keys, GatewayMeter meter, Supervisor supervisor,
        ILogger<RoomQuota> logger)
    {
        var evicted = meter.Counter(
            "gateway_redis_rooms_evicted_total", "Rooms whose history was evicted from Redis because all rooms together were too large.");
        _servers = servers;
        _quotas = servers.All.ToDictionary(server => server, server => new RoomQuotaServer(server, keys, options.HistoryMaxBytes, rooms =>
        {
            evicted.Add(rooms);
            Log.Evicted(logger, rooms, options.HistoryMaxBytes);
        }));
        _loop = supervisor.Loop("room_quota");
        meter.Gauge(
            "gateway_redis_rooms_bytes",
            "About how many bytes the rooms' positions and histories take in Redis, on all servers.",
            () => _quotas.Values.Sum(quota => quota.Bytes));
        backplane.RoomUsed = room => _quotas[_servers.For(room)].MarkUsed(room);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(_quotas.Values.Select(quota => _loop.EveryAsync(Interval, _ => RunAsync(quota), _stop.Token)));
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

    private static async Task RunAsync(RoomQuotaServer quota)
    {
        try
        {
            await quota.RunAsync();
        }
        catch (BackplaneException)
        {
            // Redis is unavailable: the rooms are reported later.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "{Rooms} rooms lost their histories in Redis, because all rooms together had more than {Bytes} bytes. "
            + "Raise redis.history_max_bytes or keep shorter histories")]
        public static partial void Evicted(ILogger logger, int rooms, long bytes);
    }
}
