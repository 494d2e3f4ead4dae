using System.Runtime.InteropServices;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Posts to one shard of the local connections. It takes all waiting messages at once, makes one batch per room and format, and posts it
/// once to each connection. A single message is posted at once; under load the batches grow.
/// </summary>
internal sealed class FanOutWorker : IThreadPoolWorkItem
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly FanOutLimits _limits;
    private readonly TimeProvider _time;
    private readonly SupervisedLoop _loop;
    private readonly BatchPoster _poster;
    private readonly ITimer _afterPause;

    private readonly Lock _lock = new();

    // Guarded by _lock.
    private List<(object Target, Delivery Delivery)> _waiting = [];
    private bool _scheduled;
    private TaskCompletionSource? _ready;
    private long _enqueued;
    private long _posted;
    private TaskCompletionSource? _waitingPosted;
    private TaskCompletionSource? _takenPosted;

    // Used only by the scheduled run.
    private List<(object Target, Delivery Delivery)> _taken = [];
    private readonly Dictionary<object, List<Delivery>> _byTarget = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<List<Delivery>> _listPool = [];
    private Backoff _backoff;

    public FanOutWorker(
        int shard, FanOutLimits limits, LagRecovery lagRecovery, GatewayMeter meter, Supervisor supervisor, TimeProvider time)
    {
        _limits = limits;
        _loop = supervisor.Loop("fan_out");
        _time = time;
        _poster = new BatchPoster(shard, limits, lagRecovery, meter, _loop, time);
        _afterPause = time.CreateTimer(
            static worker => ((FanOutWorker)worker!).Schedule(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="target">A <see cref="MemberSet"/> or a <see cref="Connection"/>.</param>
    public void Enqueue(object target, Delivery delivery)
    {
        lock (_lock)
        {
            _waiting.Add((target, delivery));
            _enqueued++;
            if (_scheduled) return;
            _scheduled = true;
        }
        Schedule();
    }

    /// <summary>The number of queued deliveries since the start.</summary>
    public long Enqueued
    {
        get { lock (_lock) return _enqueued; }
    }

    /// <summary>The number of posted deliveries since the start.</summary>
    public long Posted
    {
        get { lock (_lock) return _posted; }
    }

    /// <summary>Returns a task that completes when everything that is queued now has been posted.</summary>
    public Task WhenPosted()
    {
        lock (_lock)
        {
            if (_waiting.Count > 0) return (_waitingPosted ??= NewSignal()).Task;
            return _posted == _enqueued ? Task.CompletedTask : (_takenPosted ??= NewSignal()).Task;
        }
    }

    /// <summary>Returns a task to await before queueing more, or <c>null</c>.</summary>
    public Task? WaitForCapacity()
    {
        lock (_lock)
        {
            if (_waiting.Count < _limits.Backlog) return null;
            _ready ??= NewSignal();
            return _ready.Task;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _loop.BeginStep();
            Step();
            _backoff.Reset();
        }
        catch (Exception fault)
        {
            _loop.Report(fault);
            EndStep(_taken.Count);
            _taken.Clear();
            _byTarget.Clear();
            _afterPause.Change(_backoff.Next(), Timeout.InfiniteTimeSpan); // _scheduled stays set, so nobody else schedules it
        }
    }

    private void Step()
    {
        TaskCompletionSource? ready;
        lock (_lock)
        {
            (_waiting, _taken) = (_taken, _waiting);
            (ready, _ready) = (_ready, null);
            (_takenPosted, _waitingPosted) = (_waitingPosted, null);
        }
        ready?.TrySetResult();
        var taken = _taken.Count;
        var began = _time.GetTimestamp();
        PostTaken();
        EndStep(taken);
        bool pauses;
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                _scheduled = false;
                return;
            }
            pauses = ShouldPause(taken, _waiting.Count, _time.GetElapsedTime(began));
        }
        if (pauses) _afterPause.Change(Pause, Timeout.InfiniteTimeSpan);
        else Schedule();
    }

    private void EndStep(int taken)
    {
        TaskCompletionSource? posted;
        lock (_lock)
        {
            _posted += taken;
            (posted, _takenPosted) = (_takenPosted, null);
        }
        posted?.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Returns whether to wait a moment before the next run. The messages queued during a long run are a smaller batch, which costs as many
    /// writes. Clients that reply to the run are about to send, and a moment later one batch takes both.
    /// </summary>
    internal static bool ShouldPause(int taken, int waiting, TimeSpan took) => taken >= 8 && waiting < taken && took >= 4 * Pause;

    /// <summary>Queues the worker on the thread pool, after pending reads and other workers.</summary>
    private void Schedule() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    private void PostTaken()
    {
        if (_taken.Count == 1)
        {
            _poster.Post(_taken[0].Target, [_taken[0].Delivery]);
        }
        else
        {
            foreach (var (target, delivery) in _taken)
            {
                if (!_byTarget.TryGetValue(target, out var pending))
                    _byTarget[target] = pending = _listPool.TryPop(out var list) ? list : [];
                pending.Add(delivery);
            }
            foreach (var (target, pending) in _byTarget)
            {
                _poster.Post(target, CollectionsMarshal.AsSpan(pending));
                pending.Clear();
                if (_listPool.Count < 16) _listPool.Push(pending);
            }
            _byTarget.Clear();
        }
        _taken.Clear();
    }
}
