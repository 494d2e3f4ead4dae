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
/// The backplane of several replicas: a Redis channel for each room, user and connection. For a room, a script assigns the offset, stores
/// the message and publishes it in one step. So all replicas see the same order and never a message that is not stored.
/// </summary>
internal sealed class RedisBackplane : IBackplane, IAsyncDisposable
{
    /// <summary>
    /// Replicas read their rooms every two seconds, so a room with members is forgotten only if Redis is unavailable for this long.
    /// </summary>
    private const int IdleLifetimeInLeases = 10;

    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly RedisRemoteCommands _remoteCommands;
    private readonly RedisReceiverCounts _counts;
    private readonly RoomStore _store;
    private readonly PublishQueue _queue;
    private readonly SubscriptionEvents _events;
    private readonly Supervisor _supervisor;
    private readonly SupervisedLoop _fillLoop;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, RoomSubscription> _subscriptions = new(StringComparer.Ordinal);
    private IBackplaneReceiver _receiver = null!;
    private IncomingQueue _incoming = null!;
    private RedisSubscriptionMonitor[] _monitors = [];

    public RedisBackplane(
        RedisOptions options, BackplaneSettings settings, RedisServers servers, RedisKeys keys, RedisRemoteCommands remoteCommands,
        RedisReceiverCounts counts, ReplicaId replica, SubscriptionEvents events, GatewayMeter meter,
        Supervisor supervisor, TimeProvider time, ILogger<RedisBackplane> logger)
    {
        _servers = servers;
        _keys = keys;
        _remoteCommands = remoteCommands;
        _counts = counts;
        _events = events;
        _supervisor = supervisor;
        _fillLoop = supervisor.Loop("room_feed");
        _time = time;
        _store = new RoomStore(
            servers, keys, replica, events, settings.IdempotencyWindow, options.PublishTimeout,
            IdleLifetimeInLeases * options.PresenceLease);
        _queue = new PublishQueue(
            _store, servers, options.PublishTimeout, options.MaxPending, GetKnownPosition, meter, supervisor, time, logger);
    }

    public bool CrossesReplicas => true;

    /// <summary>Called with each room into which a message with an offset is published.</summary>
    public Action<string>? RoomUsed { get; set; }

    public void Start(IBackplaneReceiver receiver)
    {
        _receiver = receiver;
        _incoming = new IncomingQueue(receiver, Dispatch, _supervisor.Loop("redis_message"), _events);
        _remoteCommands.Start(receiver);
    }

    /// <summary>Starts the monitors. Call it after the connections have been opened.</summary>
    public void StartMonitoring() => _monitors = [.. _servers.All.Select(server => new RedisSubscriptionMonitor(
        server, _store, () => _subscriptions.Where(s => _servers.For(s.Key) == server), _receiver, _supervisor))];

    public async ValueTask<Position> SubscribeAsync(Audience audience, Retention? retention = null)
    {
        var channels = _servers.For(audience).Channels;
        if (retention == null)
        {
            await channels.SubscribeAsync(_keys.Channel(audience), OnMessage);
            return Position.None;
        }
        var subscription = _subscriptions[audience.Name] =
            new RoomSubscription(audience.Name, retention, _store, _receiver, _events, _fillLoop, _incoming, _time);
        try
        {
            await channels.SubscribeAsync(_keys.Channel(audience), OnMessage);
            var position = await _store.GetPositionAsync(audience.Name);
            subscription.Start(position);
            return position;
        }
        catch
        {
            Close(audience.Name, subscription);
            await channels.UnsubscribeAsync(_keys.Channel(audience), OnMessage);
            throw;
        }
    }

    public ValueTask UnsubscribeAsync(Audience audience)
    {
        if (audience.Kind == AudienceKind.Room && _subscriptions.TryGetValue(audience.Name, out var subscription))
            Close(audience.Name, subscription);
        return new(_servers.For(audience).Channels.UnsubscribeAsync(_keys.Channel(audience), OnMessage));
    }

    public async ValueTask<PublishResult> PublishAsync(
        Audience audience, Message message, Retention? retention = null, string? idempotencyKey = null, CancellationToken cancel = default)
    {
        if (audience.Kind == AudienceKind.Room)
        {
            var published = await _queue.PublishAsync(audience, message, retention, idempotencyKey).WaitAsync(cancel);
            if (retention != null) RoomUsed?.Invoke(audience.Name);
            return published;
        }
        return new PublishResult(Position.None, await PublishAsync(audience, BackplaneFrame.WriteMessage(audience, message), cancel));
    }

    public async ValueTask AnnounceAsync(Audience room, Message message) =>
        await PublishAsync(room, BackplaneFrame.WriteMessage(room, message), default);

    public ValueTask<long> PublishToUserAsync(string userId, Message message, CancellationToken cancel = default)
    {
        var audience = Audience.User(userId);
        return _counts.CountAsync(
            (requester, number) =>
                PublishAsync(audience, BackplaneFrame.WriteCounted(requester, number, audience, message), cancel), cancel);
    }

    public async ValueTask<HistoryPage> ReadHistoryAsync(
        string room, HistoryRange range, Retention retention, CancellationToken cancel = default) =>
        await _store.ReadAsync(room, range, retention).WaitAsync(cancel);

    public ValueTask<bool> HasSubscribersAsync(Audience audience) => _remoteCommands.HasSubscribersAsync(audience);

    public ValueTask<RemoteResult> SendCommandAsync(RemoteCommand command, CancellationToken cancel = default) =>
        _remoteCommands.SendAsync(command, cancel);

    public async ValueTask DisposeAsync()
    {
        foreach (var monitor in Interlocked.Exchange(ref _monitors, [])) await monitor.DisposeAsync();
        foreach (var (room, subscription) in _subscriptions) Close(room, subscription);
    }

    /// <summary>The last position in the room that this replica has delivered.</summary>
    public Position GetKnownPosition(string room) =>
        _subscriptions.TryGetValue(room, out var subscription) ? subscription.Last : Position.None;

    /// <summary>Publishes to an audience without an order. Returns how many replicas got the message.</summary>
    private async ValueTask<long> PublishAsync(Audience audience, byte[] content, CancellationToken cancel)
    {
        byte[] frame = [.. PositionHeader.None, .. content];
        var server = _servers.For(audience);
        var start = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return await server.ExecuteAsync(database => database.PublishAsync(_keys.Channel(audience), frame), cancel: cancel);
            }
            catch (BackplaneException fault) when (fault.InnerException is null || RedisConnection.WasNotSent(fault.InnerException))
            {
                var left = _queue.Timeout - _time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero) throw;
                await server.WhenUpAsync(left);
            }
        }
    }

    private void Close(string room, RoomSubscription subscription)
    {
        subscription.Close();
        _subscriptions.TryRemove(new KeyValuePair<string, RoomSubscription>(room, subscription));
    }

    /// <summary>The client library calls this for one message of a server after the other.</summary>
    private bool OnMessage(ReadOnlyMemory<byte> bytes) => _incoming.Post(bytes);

    private bool Dispatch(ReadOnlyMemory<byte> bytes)
    {
        if (!PositionHeader.TryRead(bytes, out var position, out var frame)) return false;
        switch (BackplaneFrame.KindOf(frame.Span))
        {
            case BackplaneFrame.Kind.Message when BackplaneFrame.TryReadMessage(frame, out var audience, out var message):
                if (position.IsNone) _receiver.Deliver(audience, message, position);
                else if (_subscriptions.TryGetValue(audience.Name, out var subscription))
                    subscription.OnMessage(audience, message, position);
                return true;
            case BackplaneFrame.Kind.Counted when BackplaneFrame.TryReadCounted(frame, out var requester, out var number, out var content)
                && BackplaneFrame.TryReadMessage(content, out var receivers, out var countedMessage):
                _counts.Reply(requester, number, _receiver.Deliver(receivers, countedMessage, Position.None));
                return true;
            case BackplaneFrame.Kind.Command or BackplaneFrame.Kind.Invocation:
                return _remoteCommands.OnCommand(frame);
            default:
                return false;
        }
    }
}
