using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>What waits to be taken by Redis, in a lane for each room: bounded in number and in time.</summary>
internal sealed partial class PublishQueue
{
    private readonly ConcurrentDictionary<string, RoomPublishQueue> _lanes = new(StringComparer.Ordinal);
    private readonly Func<string, RoomPublishQueue> _open;
    private readonly RedisServers _servers;

    /// <summary>Servers that have let a message wait for the whole limit, and are still away.</summary>
    private readonly ConcurrentDictionary<RedisConnection, bool> _away = new();
    private readonly int _capacity;
    private readonly ILogger _logger;
    private int _waiting;
    private long _lastBatch;

    /// <param name="reached">How far a room is known to have come.</param>
    public PublishQueue(RoomStore store, RedisServers servers, TimeSpan limit, int capacity, Func<string, Position> reached, GatewayMeter meter, Supervisor supervisor, TimeProvider time,
        ILogger logger)
    {
        Limit = limit;
        _servers = servers;
        _capacity = capacity;
        _logger = logger;
        var loop = supervisor.Loop("publish");
        _open = room => new RoomPublishQueue(room, store, servers.For(room), this, reached, loop, time);
        meter.Gauge("gateway_backplane_waiting_messages", "Messages that the backplane has not taken yet.", () => Volatile.Read(ref _waiting));
    }

    /// <summary>How long a message may wait to be taken.</summary>
    public TimeSpan Limit { get; }

    /// <summary>Why something was not taken at the last attempt.</summary>
    public Exception? LastFault { get; set; }

    /// <exception cref="BackplaneException">It was not taken in time, or too much waits already, or it would only wait for what is known to be away.</exception>
    public Task<PublishResult> PublishAsync(Audience room, Message message, Retention? retention, string? idempotencyKey)
    {
        if (IsKnownAway(room.Name)) throw new BackplaneException("Redis is away", LastFault);
        if (Volatile.Read(ref _waiting) >= _capacity) throw new BackplaneException("too many messages wait for Redis", LastFault);
        while (true)
            if (_lanes.GetOrAdd(room.Name, _open).TryPublish(room, message, retention, idempotencyKey, out var published))
                return published;
    }

    public void Enter() => Interlocked.Increment(ref _waiting);

    public void Leave(int messages) => Interlocked.Add(ref _waiting, -messages);

    public long NextBatch() => Interlocked.Increment(ref _lastBatch);

    public void Remove(string room, RoomPublishQueue lane) => _lanes.TryRemove(new KeyValuePair<string, RoomPublishQueue>(room, lane));

    public void ReportLate(string room, int messages)
    {
        if (_servers.For(room) is { IsUp: false } server) _away[server] = true;
        Log.Late(_logger, LastFault, messages, room);
    }

    /// <summary>The first message waits for its time limit; while the server stays away, those after that are refused at once.</summary>
    private bool IsKnownAway(string room)
    {
        if (_away.IsEmpty) return false;
        var server = _servers.For(room);
        if (!_away.ContainsKey(server)) return false;
        if (!server.IsUp) return true;
        _away.TryRemove(server, out _);
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Messages} messages for room {Room} were not published: Redis did not take them in time. Their senders are told")]
        public static partial void Late(ILogger logger, Exception? fault, int messages, string room);
    }
}
