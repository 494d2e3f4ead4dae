using Gateway.Core.Connections;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Owns one share of the local connections. It takes everything that waits for it at once, makes of what is pending for a room one batch
/// per format, and posts that once per connection. Alone a message leaves at once; under load the batches grow by themselves.
/// </summary>
internal sealed class FanOutWorker(int shard, FanOutBounds bounds, GatewayMeter meter, TimeProvider time) : IThreadPoolWorkItem
{
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private List<(object Target, Delivery Delivery)> _waiting = [];
    private bool _scheduled;
    private TaskCompletionSource? _ready;

    // Used only by the one run that is scheduled.
    private List<(object Target, Delivery Delivery)> _taken = [];
    private readonly Dictionary<object, List<Delivery>> _byTarget = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<List<Delivery>> _spare = [];
    private readonly BatchPoster _poster = new(shard, bounds, meter, time);

    /// <param name="target">A <see cref="MemberSet"/> or a <see cref="Connection"/>.</param>
    public void Enqueue(object target, Delivery delivery)
    {
        lock (_lock)
        {
            _waiting.Add((target, delivery));
            if (_scheduled) return;
            _scheduled = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>A task to wait for before bringing more, or <c>null</c>.</summary>
    public Task? WhenReady()
    {
        lock (_lock)
        {
            if (_waiting.Count < bounds.Backlog) return null;
            _ready ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _ready.Task;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        TaskCompletionSource? ready;
        lock (_lock)
        {
            (_waiting, _taken) = (_taken, _waiting);
            (ready, _ready) = (_ready, null);
        }
        ready?.TrySetResult();
        PostTaken();
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                _scheduled = false;
                return;
            }
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false); // behind whatever else is due: reads, other workers
    }

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
                if (!_byTarget.TryGetValue(target, out var pending)) _byTarget[target] = pending = _spare.TryPop(out var list) ? list : [];
                pending.Add(delivery);
            }
            foreach (var (target, pending) in _byTarget)
            {
                _poster.Post(target, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pending));
                pending.Clear();
                if (_spare.Count < 16) _spare.Push(pending);
            }
            _byTarget.Clear();
        }
        _taken.Clear();
    }
}
