using System.Threading.Channels;
using Gateway.Core.Broadcast;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Redis.Options;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Presence;

/// <summary>This replica's presence on all Redis servers, from the first heartbeat to the release of its leases.</summary>
internal sealed class RedisPresence : IHostedService, IDisposable
{
    private readonly RedisServers _redis;
    private readonly Dictionary<RedisConnection, PresenceServer> _servers;

    public RedisPresence(
        RedisOptions options, BackplaneSettings settings, RedisServers redis, RedisKeys keys, RoomTable rooms, ReplicaStatus status,
        Supervisor supervisor, TimeProvider time, ILoggerFactory loggers)
    {
        _redis = redis;
        _servers = redis.All.ToDictionary(
            server => server,
            server => Open(server, options.PresenceLease, settings.PresenceGrace, keys, rooms, status, supervisor, time, loggers));
    }

    /// <summary>The presence of the server on which the room lives.</summary>
    public PresenceServer For(string room) => _servers[_redis.For(room)];

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(_servers.Values.Select(server => server.StartAsync()));

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_servers.Values.Select(server => server.StopAsync()));

    public void Dispose()
    {
        foreach (var server in _servers.Values) server.Dispose();
    }

    private static PresenceServer Open(
        RedisConnection server, TimeSpan length, TimeSpan grace, RedisKeys keys, RoomTable rooms, ReplicaStatus status,
        Supervisor supervisor,
        TimeProvider time, ILoggerFactory loggers)
    {
        var work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        var lease = new ReplicaLease(server, keys, status, length, time, loggers.CreateLogger<ReplicaLease>());
        var index = new PresenceIndex(server, keys, lease, () => work.Writer.TryWrite(true), supervisor, time);
        var presenceRooms = new PresenceRooms(server, keys, rooms);
        var writer = new PresenceWriter(presenceRooms, rooms, lease, index, grace, loggers.CreateLogger<PresenceWriter>());
        var reaper = new DeadReplicaReaper(
            server, keys, lease, presenceRooms, index, length, grace, supervisor, loggers.CreateLogger<DeadReplicaReaper>());
        return new PresenceServer(
            lease, writer, index, presenceRooms, reaper, work, supervisor, time, loggers.CreateLogger<PresenceServer>());
    }
}
