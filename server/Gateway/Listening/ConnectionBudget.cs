using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Listening;

/// <summary>
/// How many TCP connections the process has descriptors for. Running out of them is fatal to a process (accepting spins, and whatever opens a file fails), so a part is kept back:
/// for Redis, files and requests to other replicas; and for a few connections over the limit, which are accepted to be refused with 503, or to ask for the gateway's health.
/// When these are used up too, accepting pauses, and newcomers wait in the system's queue.
/// </summary>
internal sealed partial class ConnectionBudget
{
    private const int SmallestReserve = 24;
    private const int LargestReserve = 1024;

    /// <summary>Up to here it takes no time to count them again and again.</summary>
    private const int FewDescriptors = 8192;

    private static readonly TimeSpan CountEvery = TimeSpan.FromMilliseconds(250);

    private readonly int _descriptors = DescriptorLimit.Read() ?? int.MaxValue;
    private readonly TimeProvider _time;
    private readonly Counter<long> _refused;
    private readonly LogThrottle _log;
    private readonly ILogger _logger;

    // Guards what follows.
    private readonly Lock _lock = new();
    private TaskCompletionSource? _left;
    private int _open;
    private int _others;
    private int _all;
    private int _toRefuse;
    private long _countedAt;

    public ConnectionBudget(GatewayMeter meter, TimeProvider time, ILogger<ConnectionBudget> logger)
    {
        _time = time;
        _log = new LogThrottle(time);
        _logger = logger;
        _refused = meter.Counter("gateway_descriptor_refusals_total", "TCP connections over what the file descriptors allow, which were refused or made to wait.");
        meter.Gauge("gateway_connection_limit", "TCP connections that the process has file descriptors for.", () => Limit);
        lock (_lock) CountLocked();
    }

    /// <summary>TCP connections that are served; a few more are refused.</summary>
    public int Limit
    {
        get
        {
            lock (_lock)
            {
                if (_descriptors <= FewDescriptors) CountLocked(); // what was counted early in the start says too much
                return _all - _toRefuse;
            }
        }
    }

    /// <summary>The last accepted connection is one too many, and to be refused.</summary>
    public bool IsOverLimit
    {
        get { lock (_lock) return _open > _all - _toRefuse; }
    }

    /// <summary>Every place is taken, and somebody waits for one, or would be refused.</summary>
    public bool IsFull
    {
        get { lock (_lock) return _left != null || _open > _all - _toRefuse; }
    }

    /// <summary>Takes the right to accept one connection; waits until there is one.</summary>
    public async ValueTask EnterAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task left;
            lock (_lock)
            {
                if (_descriptors <= FewDescriptors && _time.GetElapsedTime(_countedAt) >= CountEvery) CountLocked();
                if (_open < _all)
                {
                    _open++;
                    return;
                }
                left = (_left ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            CountRefused();
            await left.WaitAsync(cancel);
        }
    }

    public void Leave()
    {
        TaskCompletionSource? left;
        lock (_lock)
        {
            _open--;
            (left, _left) = (_left, null);
        }
        left?.TrySetResult();
    }

    public void CountRefused()
    {
        _refused.Add(1);
        if (_log.TryEnter(out var others)) Log.Full(_logger, Limit, _descriptors, others);
    }

    /// <summary>The runtime keeps a descriptor for each assembly, which it loads as they are needed: what connections may have shrinks while the process warms up.</summary>
    private void CountLocked()
    {
        _countedAt = _time.GetTimestamp();
        _others = Math.Max(_others, DescriptorLimit.InUse() - _open); // never less: a connection that ends keeps its place for a moment longer than its descriptor
        _all = Math.Max(_descriptors - _others - Math.Clamp(_descriptors / 10, SmallestReserve, LargestReserve), 2);
        _toRefuse = Math.Clamp(_all / 8, 1, 64);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "There are file descriptors for {Limit} connections (RLIMIT_NOFILE is {Descriptors}) and no more: newcomers are refused with 503, or wait. {Others} more since the last such line")]
        public static partial void Full(ILogger logger, int limit, int descriptors, int others);
    }
}
