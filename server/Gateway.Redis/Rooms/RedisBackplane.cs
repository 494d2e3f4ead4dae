using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Gateway.Redis.Options;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Rooms;

/// <summary>
/// The backplane of several replicas: a Redis channel for each room, user and connection. A room's script assigns the offset, keeps the message and publishes it in one step,
/// so that all replicas see one order, and none of them anything that is not kept.
/// </summary>
internal sealed class RedisBackplane : IBackplane, IAsyncDisposable
{
    /// <summary>A replica looks after its rooms every two seconds; so a room with members is forgotten only if Redis is away for longer than this.</summary>
    private const int SilentLifetimeInLeases = 10;

    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly RedisInstructions _instructions;
    private readonly RedisReceiverCounts _counts;
    private readonly RoomStore _store;
    private readonly PublishQueue _queue;
    private readonly SubscriptionEvents _events;
    private readonly Supervisor _supervisor;
    private readonly SupervisedLoop _fillLoop;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, RoomSubscription> _feeds = new(StringComparer.Ordinal);
    private IBackplaneReceiver _receiver = null!;
    private IncomingQueue _incoming = null!;
    private RedisSubscriptionMonitor[] _watches = [];

    public RedisBackplane(
        RedisOptions options, BackplaneSettings settings, RedisServers servers, RedisKeys keys, RedisInstructions instructions, RedisReceiverCounts counts, ReplicaId replica, SubscriptionEvents events, GatewayMeter meter,
        Supervisor supervisor, TimeProvider time, ILogger<RedisBackplane> logger)
    {
        _servers = servers;
        _keys = keys;
        _instructions = instructions;
        _counts = counts;
        _events = events;
        _supervisor = supervisor;
        _fillLoop = supervisor.Loop("room_feed");
        _time = time;
        _store = new RoomStore(
            servers, keys, replica, events, settings.IdempotencyWindow, options.PublishTimeout, SilentLifetimeInLeases * options.PresenceLease);
        _queue = new PublishQueue(_store, servers, options.PublishTimeout, options.MaxPending, Reached, meter, supervisor, time, logger);
    }

    public bool CrossesReplicas => true;

    /// <summary>Told of each room into which something with an offset is published.</summary>
    public Action<string>? RoomUsed { get; set; }

    public void Start(IBackplaneReceiver receiver)
    {
        _receiver = receiver;
        _incoming = new IncomingQueue(receiver, Take, _supervisor.Loop("redis_message"), _events);
        _instructions.Start(receiver);
    }

    /// <summary>To be called when the servers have been connected to, or tried.</summary>
    public void Watch() => _watches = [.. _servers.All.Select(server =>
        new RedisSubscriptionMonitor(server, _store, () => _feeds.Where(f => _servers.For(f.Key) == server), _receiver, _supervisor))];

    public async ValueTask<Position> SubscribeAsync(Audience audience, Retention? retention = null)
    {
        var channels = _servers.For(audience).Channels;
        if (retention == null)
        {
            await channels.AddAsync(_keys.Channel(audience), OnMessage);
            return Position.None;
        }
        var feed = _feeds[audience.Name] = new RoomSubscription(audience.Name, retention, _store, _receiver, _events, _fillLoop, _incoming, _time);
        try
        {
            await channels.AddAsync(_keys.Channel(audience), OnMessage);
            var position = await _store.PositionAsync(audience.Name);
            feed.Begin(position);
            return position;
        }
        catch
        {
            Drop(audience.Name, feed);
            await channels.RemoveAsync(_keys.Channel(audience), OnMessage);
            throw;
        }
    }

    public ValueTask UnsubscribeAsync(Audience audience)
    {
        if (audience.Kind == AudienceKind.Room && _feeds.TryGetValue(audience.Name, out var feed)) Drop(audience.Name, feed);
        return new(_servers.For(audience).Channels.RemoveAsync(_keys.Channel(audience), OnMessage));
    }

    public async ValueTask<PublishResult> PublishAsync(Audience audience, Message message, Retention? retention = null, string? idempotencyKey = null, CancellationToken cancel = default)
    {
        if (audience.Kind == AudienceKind.Room)
        {
            var published = await _queue.PublishAsync(audience, message, retention, idempotencyKey).WaitAsync(cancel);
            if (retention != null) RoomUsed?.Invoke(audience.Name);
            return published;
        }
        return new PublishResult(Position.None, await PublishAsync(audience, BackplaneFrame.WriteMessage(audience, message), cancel));
    }

    public async ValueTask AnnounceAsync(Audience room, Message message) => await PublishAsync(room, BackplaneFrame.WriteMessage(room, message), default);

    public ValueTask<long> PublishToUserAsync(string userId, Message message, CancellationToken cancel = default)
    {
        var audience = Audience.User(userId);
        return _counts.AskAsync((asker, number) => PublishAsync(audience, BackplaneFrame.WriteCounted(asker, number, audience, message), cancel), cancel);
    }

    public async ValueTask<HistoryPage> ReadHistoryAsync(string room, HistoryRange range, Retention retention, CancellationToken cancel = default) =>
        await _store.ReadAsync(room, range, retention).WaitAsync(cancel);

    public async ValueTask<bool> HasSubscribersAsync(Audience audience)
    {
        var counts = (RedisResult[])(await _servers.For(audience).AskAsync(database => database.ExecuteAsync("PUBSUB", "NUMSUB", _keys.Channel(audience))))!;
        return (long)counts[1] > 0;
    }

    public ValueTask<Error?> InstructAsync(RemoteCommand instruction, CancellationToken cancel = default) =>
        _instructions.AskAsync(instruction, cancel);

    public async ValueTask DisposeAsync()
    {
        foreach (var watch in Interlocked.Exchange(ref _watches, [])) await watch.DisposeAsync();
        foreach (var (room, feed) in _feeds) Drop(room, feed);
    }

    /// <summary>Where in the room this replica knows that everybody is.</summary>
    public Position Reached(string room) => _feeds.TryGetValue(room, out var feed) ? feed.Last : Position.None;

    /// <summary>To an audience that keeps no order. Returns how many replicas got it.</summary>
    private async ValueTask<long> PublishAsync(Audience audience, byte[] content, CancellationToken cancel)
    {
        byte[] frame = [.. PositionHeader.None, .. content];
        var server = _servers.For(audience);
        var began = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return await server.AskAsync(database => database.PublishAsync(_keys.Channel(audience), frame), cancel: cancel);
            }
            catch (BackplaneException fault) when (fault.InnerException is null || RedisConnection.IsUnsent(fault.InnerException))
            {
                var left = _queue.Limit - _time.GetElapsedTime(began);
                if (left <= TimeSpan.Zero) throw;
                await server.WhenUpAsync(left);
            }
        }
    }

    private void Drop(string room, RoomSubscription feed)
    {
        feed.Close();
        _feeds.TryRemove(new KeyValuePair<string, RoomSubscription>(room, feed));
    }

    /// <summary>Called for one message of a server after the other.</summary>
    private bool OnMessage(ReadOnlyMemory<byte> bytes) => _incoming.Post(bytes);

    private bool Take(ReadOnlyMemory<byte> bytes)
    {
        if (!PositionHeader.TryRead(bytes, out var position, out var frame)) return false;
        switch (BackplaneFrame.KindOf(frame.Span))
        {
            case BackplaneFrame.Kind.Message when BackplaneFrame.TryReadMessage(frame, out var audience, out var message):
                if (position.IsNone) _receiver.Deliver(audience, message, position);
                else if (_feeds.TryGetValue(audience.Name, out var feed)) feed.OnMessage(audience, message, position);
                return true;
            case BackplaneFrame.Kind.Counted when BackplaneFrame.TryReadCounted(frame, out var asker, out var number, out var within)
                && BackplaneFrame.TryReadMessage(within, out var receivers, out var counted):
                _counts.Answer(asker, number, _receiver.Deliver(receivers, counted, Position.None));
                return true;
            case BackplaneFrame.Kind.Command:
                return _instructions.OnInstruction(frame);
            default:
                return false;
        }
    }
}
