using System.Threading.Channels;
using Gateway.Core.Broadcast;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Redis.Options;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Presence;

/// <summary>This replica's part in the presence that all replicas share through Redis: from its first sign of life to the end of its lease, on every server.</summary>
internal sealed class RedisPresence : IHostedService, IDisposable
{
    private readonly RedisServers _redis;
    private readonly Dictionary<RedisConnection, PresenceServer> _servers;

    public RedisPresence(
        RedisOptions options, BackplaneSettings settings, RedisServers redis, RedisKeys keys, RoomTable rooms, ReplicaStatus own, Supervisor supervisor, TimeProvider time, ILoggerFactory loggers)
    {
        _redis = redis;
        _servers = redis.All.ToDictionary(server => server, server => Open(server, options.PresenceLease, settings.PresenceGrace, keys, rooms, own, supervisor, time, loggers));
    }

    /// <summary>The server that a room lives on.</summary>
    public PresenceServer For(string room) => _servers[_redis.For(room)];

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(_servers.Values.Select(server => server.StartAsync()));

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_servers.Values.Select(server => server.StopAsync()));

    public void Dispose()
    {
        foreach (var server in _servers.Values) server.Dispose();
    }

    private static PresenceServer Open(
        RedisConnection server, TimeSpan length, TimeSpan grace, RedisKeys keys, RoomTable rooms, ReplicaStatus own, Supervisor supervisor, TimeProvider time, ILoggerFactory loggers)
    {
        var work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        var lease = new Lease(server, keys, own, length, time, loggers.CreateLogger<Lease>());
        var index = new PresenceIndex(server, keys, lease, () => work.Writer.TryWrite(true), supervisor, time);
        var inRedis = new PresenceRooms(server, keys, rooms);
        var book = new PresenceWriter(inRedis, rooms, lease, index, grace, loggers.CreateLogger<PresenceWriter>());
        var clearance = new DeadReplicaReaper(server, keys, lease, inRedis, index, length, grace, supervisor, loggers.CreateLogger<DeadReplicaReaper>());
        return new PresenceServer(lease, book, index, inRedis, clearance, work, supervisor, time, loggers.CreateLogger<PresenceServer>());
    }
}
