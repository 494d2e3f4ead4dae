using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Queues each message with the workers that have receivers of it. Delivery never waits for a client; a sender may, see
/// <see cref="WaitForReceiversAsync"/>.
/// </summary>
internal sealed class FanOut
{
    /// <summary>The number of messages that may wait for a worker before a sender to one of its connections waits.</summary>
    private const int EasyBacklog = 64;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    private readonly ConnectionTable _connections;
    private readonly RoomTable _rooms;
    private readonly FanOutPolicies _policies;
    private readonly FanOutWorker[] _workers;
    private readonly GatewayMeter _meter;
    private readonly TimeProvider _time;

    public FanOut(
        ConnectionTable connections, RoomTable rooms, FanOutPolicies policies, FanOutLimits limits, LagRecovery lagRecovery,
        GatewayMeter meter, Supervisor supervisor, TimeProvider time)
    {
        _connections = connections;
        _rooms = rooms;
        _policies = policies;
        _meter = meter;
        _time = time;
        _workers =
        [
            .. Enumerable.Range(0, limits.Workers).Select(shard => new FanOutWorker(shard, limits, lagRecovery, meter, supervisor, time)),
        ];
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
                var recovery = room.CanRecover(policy, position) ? room : null;
                return Enqueue(room.Members, Delivery(policy, recovery));
            case AudienceKind.Everyone:
                return Enqueue(_connections.Everyone, Delivery(_policies.Default));
            case AudienceKind.User:
                var sessions = _connections.OfUser(audience.Name);
                if (sessions.Length == 0) return 0;
                var delivery = Delivery(_policies.Default);
                foreach (var session in sessions) _workers[session.Shard].Enqueue(session, delivery);
                return sessions.Length;
            default:
                if (_connections.Find(audience.Name) is not { } connection) return 0;
                _workers[connection.Shard].Enqueue(connection, Delivery(_policies.Default));
                return 1;
        }

        Delivery Delivery(SlowConsumerPolicy policy, Room? recoveryRoom = null) =>
            new(audience, message, position, policy, _time.GetTimestamp()) { RecoveryRoom = recoveryRoom };
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
        while (!HasPosted(marks) || !room.Members.All(HasCapacity))
        {
            if (_time.GetElapsedTime(began) > LongestWait) return; // a slower member continues from the history
            await Task.Delay(Pause, _time).ConfigureAwait(false);
        }
    }

    /// <summary>Returns a task that completes when the connection's outbox has everything that has been delivered to it so far.</summary>
    public Task WhenPosted(Connection connection) => _workers[connection.Shard].WhenPosted();

    /// <summary>
    /// Waits while a connection, or one of a user's, has more messages on their way than its outbox holds with ease. Users and connections
    /// have no history to recover from, so without this a burst would disconnect a healthy client. A client that takes nothing is closed at
    /// its write deadline, which ends the wait.
    /// </summary>
    public async ValueTask WaitForReceiversAsync(Audience audience)
    {
        var receivers = audience.Kind switch
        {
            AudienceKind.User => _connections.OfUser(audience.Name),
            AudienceKind.Connection when _connections.Find(audience.Name) is { } connection => [connection],
            _ => [],
        };
        foreach (var receiver in receivers)
        {
            var worker = _workers[receiver.Shard];
            if (worker.Enqueued - worker.Posted > EasyBacklog) await worker.WhenPosted().ConfigureAwait(false);
            while (receiver.MessageOutbox is { IsOpen: true, IsMostlyEmpty: false }) await Task.Delay(Pause, _time).ConfigureAwait(false);
        }
    }

    private static bool HasCapacity(Membership member) =>
        member.LiveBuffer != null || member.Connection.MessageOutbox is not { IsMostlyEmpty: false };

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

/// <summary>Finds the slow-consumer policy of a message: that of its type, or of its room; outside of rooms the default.</summary>
internal sealed class FanOutPolicies(SlowConsumerPolicy byDefault, IReadOnlyDictionary<string, SlowConsumerPolicy> byType)
{
    public SlowConsumerPolicy Default => byDefault;

    internal SlowConsumerPolicy For(Room room, Message message) =>
        byType.TryGetValue(message.Type, out var policy) ? policy : room.Policy.OnFull;
}

/// <summary>The limits of the fan-out.</summary>
/// <param name="Workers">The number of workers that share the connections.</param>
/// <param name="BatchMessages">
/// The maximum number of messages in a batch: half of an outbox, so that one batch can wait while another is written.
/// </param>
/// <param name="BatchBytes">The size in bytes at which a batch is posted.</param>
/// <param name="Backlog">The number of messages waiting for a worker at which publishers have to wait.</param>
internal sealed record FanOutLimits(int Workers, int BatchMessages, int BatchBytes = 64 * 1024, int Backlog = 4096);
