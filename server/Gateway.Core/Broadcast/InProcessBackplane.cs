using System.Collections.Concurrent;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;

namespace Gateway.Core.Broadcast;

/// <summary>The limits of the in-process backplane.</summary>
/// <param name="IdempotencyWindow">How long idempotency keys are remembered.</param>
/// <param name="MaxHistoryBytes">The size of all histories. Over it, the least recently used rooms lose theirs.</param>
internal sealed record InProcessBackplaneLimits(TimeSpan IdempotencyWindow, long MaxHistoryBytes);

/// <summary>
/// The backplane of a single replica: messages go directly to the fan-out. A room's sequence exists while it has subscribers, history or
/// idempotency keys.
/// </summary>
internal sealed class InProcessBackplane : IBackplane, IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, RoomSequence> _rooms = new(StringComparer.Ordinal);
    private readonly InProcessBackplaneLimits _limits;
    private readonly TimeProvider _time;
    private readonly SupervisedLoop _evictLoop;
    private readonly ITimer _sweep;
    private long _historyBytes;
    private int _evicting;
    private IBackplaneReceiver _receiver = null!;

    public InProcessBackplane(InProcessBackplaneLimits limits, Supervisor supervisor, TimeProvider time)
    {
        _limits = limits;
        _time = time;
        _evictLoop = supervisor.Loop("history_shrink");
        _sweep = supervisor.Loop("history_sweep").Every(SweepInterval, Sweep);
    }

    /// <summary>The size of all histories in bytes.</summary>
    internal long HistoryBytes => Volatile.Read(ref _historyBytes);

    public bool CrossesReplicas => false;

    public void Start(IBackplaneReceiver receiver) => _receiver = receiver;

    public ValueTask<Position> SubscribeAsync(Audience audience, Retention? retention = null)
    {
        if (audience.Kind != AudienceKind.Room) return new(Position.None);
        return new(WithRoom(audience.Name, retention, static (room, retention) =>
        {
            room.HasSubscribers = true;
            return retention == null ? Position.None : room.Last;
        }));
    }

    public ValueTask UnsubscribeAsync(Audience audience)
    {
        if (audience.Kind != AudienceKind.Room || !_rooms.TryGetValue(audience.Name, out var room)) return default;
        lock (room)
        {
            room.HasSubscribers = false;
            RemoveIfIdleLocked(audience.Name, room);
        }
        return default;
    }

    public ValueTask<PublishResult> PublishAsync(
        Audience audience, Message message, Retention? retention = null, string? idempotencyKey = null, CancellationToken cancel = default)
    {
        PublishResult published;
        if (audience.Kind != AudienceKind.Room || (retention == null && idempotencyKey == null))
        {
            published = new PublishResult(Position.None, _receiver.Deliver(audience, message, Position.None));
        }
        else if (retention is { Messages: > 0 } || _rooms.ContainsKey(audience.Name))
        {
            published = WithRoom(
                audience.Name,
                (this, audience, message, retention, idempotencyKey),
                static (room, p) => p.Item1.PublishLocked(room, p.audience, p.message, p.retention, p.idempotencyKey));
            if (Volatile.Read(ref _historyBytes) > _limits.MaxHistoryBytes) _evictLoop.Try(Evict);
        }
        else
        {
            return new(new PublishResult(Position.None, 0)); // no subscribers, and no history
        }
        var ready = _receiver.WaitForCapacityAsync();
        return ready.IsCompletedSuccessfully ? new(published) : WaitAsync(ready, published);
    }

    public ValueTask<HistoryPage> ReadHistoryAsync(
        string room, HistoryRange range, Retention retention, CancellationToken cancel = default) =>
        new(WithRoom(room, (this, range), static (sequence, p) =>
        {
            p.Item1.TrimLocked(sequence, static s => s.ExpireHistory());
            return sequence.Read(p.range);
        }));

    public ValueTask<bool> HasSubscribersAsync(Audience audience) =>
        new(_rooms.TryGetValue(audience.Name, out var room) && room.HasSubscribers);

    public ValueTask<RemoteResult> SendCommandAsync(RemoteCommand command, CancellationToken cancel = default) =>
        new(Error.NoSuchConnection);

    public void Dispose() => _sweep.Dispose();

    /// <summary>Publishes under the room's lock, so that messages reach the fan-out in the order of their offsets.</summary>
    private PublishResult PublishLocked(RoomSequence room, Audience audience, Message message, Retention? retention, string? idempotencyKey)
    {
        if (idempotencyKey != null && room.TryFindKey(idempotencyKey, _limits.IdempotencyWindow, out var first)) return first;
        var position = Position.None;
        if (retention != null)
        {
            var before = room.HistoryBytes;
            position = room.Append(audience, message, retention);
            Interlocked.Add(ref _historyBytes, room.HistoryBytes - before);
        }
        var published = new PublishResult(position, room.HasSubscribers ? _receiver.Deliver(audience, message, position) : 0);
        if (idempotencyKey != null) room.AddKey(idempotencyKey, published);
        return published;
    }

    private T WithRoom<TState, T>(string name, TState state, Func<RoomSequence, TState, T> act)
    {
        while (true)
        {
            var room = _rooms.GetOrAdd(name, static (_, time) => new RoomSequence(time), _time);
            lock (room)
            {
                if (room.IsRemoved) continue;
                var result = act(room, state);
                RemoveIfIdleLocked(name, room);
                return result;
            }
        }
    }

    private void TrimLocked(RoomSequence room, Action<RoomSequence> forget)
    {
        var before = room.HistoryBytes;
        forget(room);
        Interlocked.Add(ref _historyBytes, room.HistoryBytes - before);
    }

    private void RemoveIfIdleLocked(string name, RoomSequence room)
    {
        if (!room.IsIdle) return;
        room.IsRemoved = true;
        _rooms.TryRemove(name, out _);
    }

    private void Sweep()
    {
        foreach (var (name, room) in _rooms)
        {
            lock (room)
            {
                if (room.IsRemoved) continue;
                TrimLocked(room, static r => r.ExpireHistory());
                room.ExpireKeys(_limits.IdempotencyWindow);
                RemoveIfIdleLocked(name, room);
            }
        }
    }

    /// <summary>Clears the histories of the least recently used rooms, down to 90 % of the limit.</summary>
    private void Evict()
    {
        if (Interlocked.Exchange(ref _evicting, 1) == 1) return;
        try
        {
            // Rooms come and go meanwhile, so the sort needs a copy.
            var rooms = new List<(string Name, RoomSequence Room, long LastUsed)>();
            foreach (var (name, room) in _rooms) rooms.Add((name, room, room.LastUsed));
            rooms.Sort(static (a, b) => a.LastUsed.CompareTo(b.LastUsed));
            foreach (var (name, room, _) in rooms)
            {
                if (Volatile.Read(ref _historyBytes) <= _limits.MaxHistoryBytes / 10 * 9) break;
                lock (room)
                {
                    if (room.IsRemoved) continue;
                    TrimLocked(room, static r => r.ClearHistory());
                    RemoveIfIdleLocked(name, room);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _evicting, 0);
        }
    }

    private static async ValueTask<PublishResult> WaitAsync(ValueTask ready, PublishResult published)
    {
        await ready.ConfigureAwait(false);
        return published;
    }
}
