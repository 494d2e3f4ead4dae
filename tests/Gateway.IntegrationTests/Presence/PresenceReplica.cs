using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Core.Tests;
using Gateway.Core.Tests.Broadcast;
using Gateway.Redis.Options;
using Gateway.Redis.Presence;
using Gateway.Redis.Rooms;
using Gateway.Redis.Servers;
using Gateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.IntegrationTests.Presence;

/// <summary>One replica's presence on a real Redis, without the rest of a gateway.</summary>
internal sealed class PresenceReplica : IAsyncDisposable
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    private readonly RedisServers _redis;
    private readonly RedisPresence _presence;
    private readonly GatewayMeter _meter = new();
    private bool _over;

    private PresenceReplica(RedisOptions options, TimeSpan grace, RoomTable rooms, string id)
    {
        var settings = new BackplaneSettings(TimeSpan.FromMinutes(5), grace, 0, TimeSpan.FromSeconds(10));
        var (keys, replica) = (new RedisKeys("gw"), new ReplicaId(id));
        var supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance, _meter.LoopFaults);
        _redis = new RedisServers(
            options, keys, new ReadinessState(), _meter, supervisor, TimeProvider.System, NullLogger<RedisConnection>.Instance);
        var commands = new RedisRemoteCommands(
            _redis, keys, replica, supervisor, TimeProvider.System, NullLogger<RedisRemoteCommands>.Instance);
        var counts = new RedisReceiverCounts(
            _redis, keys, replica, supervisor, TimeProvider.System, NullLogger<RedisReceiverCounts>.Instance);
        Backplane = new RedisBackplane(
            options, settings, _redis, keys, commands, counts, replica,
            new SubscriptionEvents(_meter, TimeProvider.System, NullLogger<RoomSubscription>.Instance), _meter, supervisor,
            TimeProvider.System, NullLogger<RedisBackplane>.Instance);
        var own = new ReplicaStatus(id, new ConnectionTable(1), TimeProvider.System);
        _presence = new RedisPresence(
            options, settings, _redis, keys, rooms, own, supervisor, TimeProvider.System, NullLoggerFactory.Instance);
        Presence = new RedisPresenceStore(_presence);
        Replicas = new RedisReplicaRegistry(_presence, own);
    }

    public RedisPresenceStore Presence { get; }
    public IReplicaRegistry Replicas { get; }
    public RedisBackplane Backplane { get; }

    /// <summary>The lease that it holds now.</summary>
    public string LeaseName => _presence.For("").Lease.Name.Current;

    /// <param name="told">Hears what is told in the room "team".</param>
    public static async Task<PresenceReplica> StartAsync(
        IReadOnlyList<RedisServer> redis, RoomTable rooms, string id, TimeSpan grace, RecordingReceiver? told = null)
    {
        var options = new RedisOptions { Connection = [.. redis.Select(r => r.Address)], PresenceLease = Lease };
        var replica = new PresenceReplica(options, grace, rooms, id);
        if (told != null) replica.Backplane.Start(told);
        await replica._redis.OpenAsync().Bounded();
        replica.Backplane.StartMonitoring();
        if (told != null) await replica.Backplane.SubscribeAsync(Audience.Room("team"), rooms.PolicyOf("team").Retention).Bounded();
        await replica._presence.StartAsync(default).Bounded();
        return replica;
    }

    /// <summary>As the process would end when it is told to.</summary>
    public async Task StopAsync()
    {
        _over = true;
        await _presence.StopAsync(default).Bounded();
        await EndAsync();
    }

    /// <summary>Cut off from Redis in one moment, as a killed process is.</summary>
    public async Task KillAsync()
    {
        _over = true;
        await Backplane.DisposeAsync();
        await _redis.DisposeAsync();
        await _presence.StopAsync(default).Bounded();
        await EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_over) await StopAsync();
    }

    private async Task EndAsync()
    {
        await Backplane.DisposeAsync();
        await _redis.DisposeAsync();
        _presence.Dispose();
        _meter.Dispose();
    }
}
