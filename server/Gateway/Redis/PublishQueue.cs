using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Redis;

/// <summary>What waits to be taken by Redis, in a lane for each room: bounded in number and in time.</summary>
internal sealed partial class PublishQueue
{
    private readonly ConcurrentDictionary<string, PublishLane> _lanes = new(StringComparer.Ordinal);
    private readonly Func<string, PublishLane> _open;
    private readonly int _capacity;
    private readonly ILogger _logger;
    private int _waiting;
    private long _lastBatch;

    /// <param name="reached">How far a room is known to have come.</param>
    public PublishQueue(RoomStore store, RedisServers servers, TimeSpan limit, int capacity, Func<string, Position> reached, GatewayMeter meter, TimeProvider time, ILogger logger)
    {
        Limit = limit;
        _capacity = capacity;
        _logger = logger;
        _open = room => new PublishLane(room, store, servers.For(room), this, reached, time);
        meter.Gauge("gateway_backplane_waiting_messages", "Messages that the backplane has not taken yet.", () => Volatile.Read(ref _waiting));
    }

    /// <summary>How long a message may wait to be taken.</summary>
    public TimeSpan Limit { get; }

    /// <summary>Why something was not taken at the last attempt.</summary>
    public Exception? LastFault { get; set; }

    /// <exception cref="BackplaneException">It was not taken in time, or too much waits already.</exception>
    public Task<Published> PublishAsync(Audience room, Message message, Retention? retention, string? onceAs)
    {
        if (Volatile.Read(ref _waiting) >= _capacity) throw new BackplaneException("too many messages wait for Redis", LastFault);
        while (true)
            if (_lanes.GetOrAdd(room.Name, _open).TryPublish(room, message, retention, onceAs, out var published))
                return published;
    }

    public void Enter() => Interlocked.Increment(ref _waiting);

    public void Leave(int messages) => Interlocked.Add(ref _waiting, -messages);

    public long NextBatch() => Interlocked.Increment(ref _lastBatch);

    public void Remove(string room, PublishLane lane) => _lanes.TryRemove(new KeyValuePair<string, PublishLane>(room, lane));

    public void ReportLate(string room, int messages) => Log.Late(_logger, LastFault, messages, room);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Messages} messages for room {Room} were not published: Redis did not take them in time. Their senders are told")]
        public static partial void Late(ILogger logger, Exception? fault, int messages, string room);
    }
}
