using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>Hands each message to the workers whose share of the local connections holds receivers of it. Never waits for a client.</summary>
public sealed class FanOut
{
    private readonly ConnectionTable _connections;
    private readonly RoomTable _rooms;
    private readonly FanOutPolicies _policies;
    private readonly FanOutWorker[] _workers;
    private readonly GatewayMeter _meter;
    private readonly TimeProvider _time;

    public FanOut(ConnectionTable connections, RoomTable rooms, FanOutPolicies policies, FanOutBounds bounds, GatewayMeter meter, TimeProvider time)
    {
        _connections = connections;
        _rooms = rooms;
        _policies = policies;
        _meter = meter;
        _time = time;
        _workers = [.. Enumerable.Range(0, bounds.Workers).Select(shard => new FanOutWorker(shard, bounds, meter, time))];
    }

    /// <inheritdoc cref="IBackplaneReceiver.Deliver"/>
    public int Deliver(Audience audience, Message message, Position position)
    {
        _meter.CountPublished();
        switch (audience.Kind)
        {
            case AudienceKind.Room:
                if (_rooms.Find(audience.Name) is not { } room) return 0;
                room.Advance(position);
                return Enqueue(room.Members, audience, message, position, _policies.For(room, message));
            case AudienceKind.Everyone:
                return Enqueue(_connections.Everyone, audience, message, position, _policies.ByDefault);
            case AudienceKind.User:
                var sessions = _connections.OfUser(audience.Name);
                if (sessions.Length == 0) return 0;
                var delivery = new Delivery(audience, message, position, _policies.ByDefault, _time.GetTimestamp());
                foreach (var session in sessions) _workers[session.Shard].Enqueue(session, delivery);
                return sessions.Length;
            default:
                if (_connections.Find(audience.Name) is not { } connection) return 0;
                _workers[connection.Shard].Enqueue(connection, new Delivery(audience, message, position, _policies.ByDefault, _time.GetTimestamp()));
                return 1;
        }
    }

    /// <inheritdoc cref="IBackplaneReceiver.WhenReadyAsync"/>
    public ValueTask WhenReadyAsync()
    {
        foreach (var worker in _workers)
            if (worker.WhenReady() is { IsCompleted: false } behind)
                return new ValueTask(behind);
        return default;
    }

    private int Enqueue(MemberSet members, Audience audience, Message message, Position position, SlowConsumerPolicy policy)
    {
        if (members.Count == 0) return 0;
        var delivery = new Delivery(audience, message, position, policy, _time.GetTimestamp());
        for (var shard = 0; shard < _workers.Length; shard++)
            if (members.HasMembers(shard))
                _workers[shard].Enqueue(members, delivery);
        return members.Count;
    }
}

/// <summary>The slow-consumer policy of a message: its type's, else its room's; outside rooms the outbox's own.</summary>
public sealed class FanOutPolicies(SlowConsumerPolicy byDefault, IReadOnlyDictionary<string, SlowConsumerPolicy> byType)
{
    public SlowConsumerPolicy ByDefault => byDefault;

    internal SlowConsumerPolicy For(Room room, Message message) =>
        byType.TryGetValue(message.Type, out var policy) ? policy : room.Policy.OnFull;
}

/// <summary>How the fan-out is cut up.</summary>
/// <param name="Workers">How many share the connections.</param>
/// <param name="BatchMessages">The most messages in one batch: half of what an outbox holds, so that one may wait while one is written.</param>
/// <param name="BatchBytes">A batch that has grown past this is posted.</param>
/// <param name="Backlog">Messages waiting for a worker above which those who bring more have to wait.</param>
public sealed record FanOutBounds(int Workers, int BatchMessages, int BatchBytes = 64 * 1024, int Backlog = 4096);
