using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Listening;

/// <summary>
/// Limits TCP connections to the file descriptors of the process. Without a free descriptor, accepting spins and opening a file fails. So
/// some are reserved: for Redis, files and requests to other replicas, and for a few connections over the limit, which are accepted only to
/// be rejected with 503 or to read the gateway's health. When these are used up too, accepting pauses and new connections wait in the
/// system's queue.
/// </summary>
internal sealed partial class TcpConnectionLimiter
{
    private const int SmallestReserve = 24;
    private const int LargestReserve = 1024;

    /// <summary>Up to this number, counting the open descriptors takes no time.</summary>
    private const int FewDescriptors = 8192;

    private static readonly TimeSpan CountInterval = TimeSpan.FromMilliseconds(250);

    private readonly int _descriptors = DescriptorLimit.Read() ?? int.MaxValue;
    private readonly TimeProvider _time;
    private readonly Counter<long> _rejected;
    private readonly LogThrottle _log;
    private readonly ILogger _logger;

    // Guards the fields below.
    private readonly Lock _lock = new();
    private TaskCompletionSource? _released;
    private int _open;
    private int _otherDescriptors;
    private int _capacity;
    private int _rejectionCapacity;
    private long _countedAt;

    public TcpConnectionLimiter(GatewayMeter meter, TimeProvider time, ILogger<TcpConnectionLimiter> logger)
    {
        _time = time;
        _log = new LogThrottle(time);
        _logger = logger;
        _rejected = meter.Counter(
            "gateway_descriptor_refusals_total", "TCP connections beyond the file descriptors, which were rejected or had to wait.");
        meter.Gauge("gateway_connection_limit", "TCP connections that the process has file descriptors for.", () => Limit);
        lock (_lock) CountLocked();
    }

    /// <summary>The maximum number of TCP connections that are served.</summary>
    public int Limit
    {
        get
        {
            lock (_lock)
            {
                if (_descriptors <= FewDescriptors) CountLocked(); // a count from early in the startup is too low
                return _capacity - _rejectionCapacity;
            }
        }
    }

    /// <summary>Whether the connection that was accepted last is over the limit and is to be rejected.</summary>
    public bool IsOverLimit
    {
        get { lock (_lock) return _open > _capacity - _rejectionCapacity; }
    }

    /// <summary>Whether connections are rejected or have to wait.</summary>
    public bool IsFull
    {
        get { lock (_lock) return _released != null || _open > _capacity - _rejectionCapacity; }
    }

    /// <summary>Acquires the permission to accept one connection, and waits for it if there is none.</summary>
    public async ValueTask AcquireAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task released;
            lock (_lock)
            {
                if (_descriptors <= FewDescriptors && _time.GetElapsedTime(_countedAt) >= CountInterval) CountLocked();
                if (_open < _capacity)
                {
                    _open++;
                    return;
                }
                released = (_released ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            CountRejected();
            await released.WaitAsync(cancel);
        }
    }

    public void Release()
    {
        TaskCompletionSource? released;
        lock (_lock)
        {
            _open--;
            (released, _released) = (_released, null);
        }
        released?.TrySetResult();
    }

    public void CountRejected()
    {
        _rejected.Add(1);
        if (_log.TryEnter(out var suppressed)) Log.Full(_logger, Limit, _descriptors, suppressed);
    }

    /// <summary>The runtime opens a descriptor for each assembly that it loads, so the limit falls while the process warms up.</summary>
    private void CountLocked()
    {
        _countedAt = _time.GetTimestamp();
        // Never lower: a connection that ends is counted for a moment longer than its descriptor.
        _otherDescriptors = Math.Max(_otherDescriptors, DescriptorLimit.InUse() - _open);
        _capacity = Math.Max(_descriptors - _otherDescriptors - Math.Clamp(_descriptors / 10, SmallestReserve, LargestReserve), 2);
        _rejectionCapacity = Math.Clamp(_capacity / 8, 1, 64);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "The process has file descriptors for {Limit} connections (RLIMIT_NOFILE is {Descriptors}). More connections are rejected "
            + "with 503, or wait. "
            + "Raise the limit, for example with ulimit -n ({Suppressed} more since the last such line)")]
        public static partial void Full(ILogger logger, int limit, int descriptors, int suppressed);
    }
}
