using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Redis.Options;

namespace Gateway.Redis.Servers;

/// <summary>
/// One Redis server, or several that share the rooms. A room's name picks its server (rendezvous hashing), so adding or removing a server
/// moves only the rooms of that server. All replicas must have the same list of servers.
/// </summary>
internal sealed class RedisServers : IAsyncDisposable
{
    private readonly RedisConnection[] _all;
    private readonly ulong[] _seeds;
    private readonly RedisKeys _keys;
    private Task? _opened;

    public RedisServers(
        RedisOptions options, RedisKeys keys, ReadinessState readiness, GatewayMeter meter, Supervisor supervisor, TimeProvider time,
        ILogger<RedisConnection> logger)
    {
        var servers = options.Connection;
        var addresses = servers.Select(RedisClientOptions.Read).ToList();
        var events = new RedisEvents(meter, time, logger);
        var health = supervisor.Loop("redis_health");
        _keys = keys;
        _all = [.. servers.Select((server, i) => new RedisConnection(
            addresses[i], NameOf(i, servers.Count), keys.Probe, readiness, events, health, time))];
        _seeds = [.. addresses.Select(address => Hash(0, address.Endpoints[0]))]; // independent of options and order
        meter.Gauge(
            "gateway_backplane_up", "1 while all servers of the backplane respond and accept writes, else 0.", () =>
                _all.All(s => s.IsUp) ? 1 : 0);
    }

    public IReadOnlyList<RedisConnection> All => _all;

    /// <summary>The server of a room, or of anything else that has a name.</summary>
    public RedisConnection For(string name)
    {
        if (_all.Length == 1) return _all[0];
        var best = 0;
        var bestWeight = 0ul;
        for (var i = 0; i < _all.Length; i++)
        {
            var weight = Hash(_seeds[i], name);
            if (i > 0 && weight <= bestWeight) continue;
            (best, bestWeight) = (i, weight);
        }
        return _all[best];
    }

    public RedisConnection For(Audience audience) => For(audience.Kind == AudienceKind.Room ? audience.Name : _keys.Channel(audience));

    /// <summary>Opens the connections once. All domains share them.</summary>
    public Task OpenAsync() => _opened ??= Task.WhenAll(_all.Select(s => s.OpenAsync()));

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _all) await server.DisposeAsync();
    }

    private static string NameOf(int index, int count) => count == 1 ? "Redis" : $"Redis server {index + 1} of {count}";

    /// <summary>
    /// FNV-1a followed by the finalizer of MurmurHash3; without it, names that differ in their last letter land on the same server.
    /// </summary>
    private static ulong Hash(ulong seed, string text)
    {
        var hash = 14695981039346656037ul ^ seed;
        foreach (var b in Encoding.UTF8.GetBytes(text)) hash = (hash ^ b) * 1099511628211ul;
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdul;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ul;
        return hash ^ (hash >> 33);
    }
}
