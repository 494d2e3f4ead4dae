using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>Messages that wait for Redis, in one queue per room, bounded in number and time.</summary>
internal sealed partial class PublishQueue
{
    private readonly ConcurrentDictionary<string, RoomPublishQueue> _queues = new(StringComparer.Ordinal);
    private readonly Func<string, RoomPublishQueue> _create;
    private readonly RedisServers _servers;

    /// <summary>Servers for which a message has waited the whole timeout, and which are still unavailable.</summary>
    private readonly ConcurrentDictionary<RedisConnection, bool> _unavailable = new();
    private readonly int _capacity;
    private readonly ILogger _logger;
    private int _waiting;
    private long _lastBatch;

    /// <param name="store">The rooms in Redis.</param>
    /// <param name="servers">The Redis servers.</param>
    /// <param name="timeout">How long a message may wait.</param>
    /// <param name="capacity">How many messages may wait.</param>
    /// <param name="knownPosition">Returns the last position that this replica knows of a room.</param>
    /// <param name="meter">The gateway's meter.</param>
    /// <param name="supervisor">Runs the queues.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public PublishQueue(
        RoomStore store, RedisServers servers, TimeSpan timeout, int capacity, Func<string, Position> knownPosition, GatewayMeter meter,
        Supervisor supervisor, TimeProvider time, ILogger logger)
    {
        Timeout = timeout;
        _servers = servers;
        _capacity = capacity;
        _logger = logger;
        var loop = supervisor.Loop("publish");
        _create = room => new RoomPublishQueue(room, store, servers.For(room), this, knownPosition, loop, time);
        meter.Gauge(
            "gateway_backplane_waiting_messages", "Messages that the backplane has not accepted yet.", () => Volatile.Read(ref _waiting));
    }

    /// <summary>How long a message may wait for Redis.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>The error of the last failed attempt.</summary>
    public Exception? LastFault { get; set; }

    /// <exception cref="BackplaneException">
    /// Redis did not accept the message in time, too many messages are waiting, or the server is known to be unavailable.
    /// </exception>
    public Task<PublishResult> PublishAsync(Audience room, Message message, Retention? retention, string? idempotencyKey)
    {
        if (IsKnownUnavailable(room.Name)) throw new BackplaneException("Redis is unavailable", LastFault);
        if (Volatile.Read(ref _waiting) >= _capacity) throw new BackplaneException("too many messages wait for Redis", LastFault);
        while (true)
            if (_queues.GetOrAdd(room.Name, _create).TryPublish(room, message, retention, idempotencyKey, out var published))
                return published;
    }

    public void IncrementWaiting() => Interlocked.Increment(ref _waiting);

    public void DecrementWaiting(int messages) => Interlocked.Add(ref _waiting, -messages);

    public long NextBatch() => Interlocked.Increment(ref _lastBatch);

    public void Remove(string room, RoomPublishQueue queue) => _queues.TryRemove(new KeyValuePair<string, RoomPublishQueue>(room, queue));

    public void ReportTimedOut(string room, int messages)
    {
        if (_servers.For(room) is { IsUp: false } server) _unavailable[server] = true;
        Log.TimedOut(_logger, LastFault, messages, room);
    }

    /// <summary>The first message waits for its timeout. While the server stays unavailable, later messages fail at once.</summary>
    private bool IsKnownUnavailable(string room)
    {
        if (_unavailable.IsEmpty) return false;
        var server = _servers.For(room);
        if (!_unavailable.ContainsKey(server)) return false;
        if (!server.IsUp) return true;
        _unavailable.TryRemove(server, out _);
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "{Messages} messages for room {Room} were not published: Redis did not accept them in time. Their senders get an error")]
        public static partial void TimedOut(ILogger logger, Exception? fault, int messages, string room);
    }
}
