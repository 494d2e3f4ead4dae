using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;

namespace Gateway.Core.Broadcast;

/// <summary>Hands each message to the workers whose share of the local connections holds receivers of it. Never waits for a client.</summary>
internal sealed class FanOut
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    private readonly ConnectionTable _connections;
    private readonly RoomTable _rooms;
    private readonly FanOutPolicies _policies;
    private readonly FanOutWorker[] _workers;
    private readonly GatewayMeter _meter;
    private readonly TimeProvider _time;

    public FanOut(
        ConnectionTable connections, RoomTable rooms, FanOutPolicies policies, FanOutLimits limits, LagRecovery lagRecovery, GatewayMeter meter, Supervisor supervisor,
        TimeProvider time)
    {
        _connections = connections;
        _rooms = rooms;
        _policies = policies;
        _meter = meter;
        _time = time;
        _workers = [.. Enumerable.Range(0, limits.Workers).Select(shard => new FanOutWorker(shard, limits, lagRecovery, meter, supervisor, time))];
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
                var policy = _policies.For(room, message);
                return Enqueue(room.Members, new Delivery(audience, message, position, policy, _time.GetTimestamp()) { RecoveryRoom = room.CanRecover(policy, position) ? room : null });
            case AudienceKind.Everyone:
                return Enqueue(_connections.Everyone, new Delivery(audience, message, position, _policies.Default, _time.GetTimestamp()));
            case AudienceKind.User:
                var sessions = _connections.OfUser(audience.Name);
                if (sessions.Length == 0) return 0;
                var delivery = new Delivery(audience, message, position, _policies.Default, _time.GetTimestamp());
                foreach (var session in sessions) _workers[session.Shard].Enqueue(session, delivery);
                return sessions.Length;
            default:
                if (_connections.Find(audience.Name) is not { } connection) return 0;
                _workers[connection.Shard].Enqueue(connection, new Delivery(audience, message, position, _policies.Default, _time.GetTimestamp()));
                return 1;
        }
    }

    /// <inheritdoc cref="IBackplaneReceiver.WaitForCapacityAsync"/>
    public ValueTask WaitForCapacityAsync()
    {
        foreach (var worker in _workers)
            if (worker.WaitForCapacity() is { IsCompleted: false } behind)
                return new ValueTask(behind);
        return default;
    }

    /// <inheritdoc cref="IBackplaneReceiver.WaitForRoomCapacityAsync"/>
    public async ValueTask WaitForRoomCapacityAsync(string name)
    {
        if (_rooms.Find(name) is not { } room || room.Policy.OnFull != SlowConsumerPolicy.Disconnect) return;
        var began = _time.GetTimestamp();
        var marks = Array.ConvertAll(_workers, static worker => worker.Enqueued);
        while (!HasPosted(marks) || !room.Members.All(static member => member.LiveBuffer != null || member.Connection.MessageOutbox is not { IsMostlyEmpty: false }))
        {
            if (_time.GetElapsedTime(began) > LongestWait) return; // a member that is slower goes on from the history
            await Task.Delay(Pause, _time).ConfigureAwait(false);
        }
    }

    private bool HasPosted(long[] marks)
    {
        for (var shard = 0; shard < marks.Length; shard++)
            if (_workers[shard].Posted < marks[shard])
                return false;
        return true;
    }

    private int Enqueue(MemberSet members, Delivery delivery)
    {
        if (members.Count == 0) return 0;
        for (var shard = 0; shard < _workers.Length; shard++)
            if (members.HasMembers(shard))
                _workers[shard].Enqueue(members, delivery);
        return members.Count;
    }
}

/// <summary>The slow-consumer policy of a message: its type's, else its room's; outside rooms the outbox's own.</summary>
internal sealed class FanOutPolicies(SlowConsumerPolicy byDefault, IReadOnlyDictionary<string, SlowConsumerPolicy> byType)
{
    public SlowConsumerPolicy Default => byDefault;

    internal SlowConsumerPolicy For(Room room, Message message) =>
        byType.TryGetValue(message.Type, out var policy) ? policy : room.Policy.OnFull;
}

/// <summary>How the fan-out is cut up.</summary>
/// <param name="Workers">How many share the connections.</param>
/// <param name="BatchMessages">The most messages in one batch: half of what an outbox holds, so that one may wait while one is written.</param>
/// <param name="BatchBytes">A batch that has grown past this is posted.</param>
/// <param name="Backlog">Messages waiting for a worker above which those who bring more have to wait.</param>
internal sealed record FanOutLimits(int Workers, int BatchMessages, int BatchBytes = 64 * 1024, int Backlog = 4096);
