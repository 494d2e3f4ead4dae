using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Lifecycle;

/// <summary>
/// Collects garbage once the process is idle after many connections have been opened or the heap has grown. Idle connections allocate
/// nothing, so the runtime would not collect, and the process would keep the garbage of a burst. A collection pauses the process, so it
/// runs only while the process is idle and the heap is small enough for the pause not to be noticed.
/// </summary>
internal sealed partial class IdleGarbageCollector(
    ConnectionTable connections, Supervisor supervisor, ILogger<IdleGarbageCollector> logger) : IHostedService, IDisposable
{
    /// <summary>How many new connections since the last collection cause another, if they are also a quarter more.</summary>
    private const int Rush = 500;

    /// <summary>
    /// How many bytes the heap must have grown since the last collection to cause another, if they are also a quarter more.
    /// </summary>
    private const long Growth = 16L * 1024 * 1024;
    private const long QuietBytesPerPeriod = 1024 * 1024;
    private const int QuietPeriodsAfterGrowth = 5;
    private const long LargestHeapBytes = 256L * 1024 * 1024;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Used by one run of the timer at a time: a check is much shorter than the period.
    private ITimer? _timer;
    private int _collectedAt;
    private long _allocated;
    private long _committed; // after the last collection; 0 before the first
    private int _quietPeriods;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = supervisor.Loop("quiet_collector").Every(Period, Check);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void Check()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        _quietPeriods = allocated - _allocated < QuietBytesPerPeriod ? _quietPeriods + 1 : 0;
        _allocated = allocated;
        var count = connections.Count;
        _collectedAt = Math.Min(_collectedAt, count);
        if (_quietPeriods == 0 || (count - _collectedAt < Math.Max(Rush, _collectedAt / 4) && !HasGrown())) return;
        var before = GC.GetTotalMemory(forceFullCollection: false);
        // Objects that died since the last collection add nothing to the pause.
        if (Math.Min(before, GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes) > LargestHeapBytes) return;
        var newConnections = count - _collectedAt;
        _collectedAt = count;
        var paused = GC.GetTotalPauseDuration();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _committed = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
        var pause = GC.GetTotalPauseDuration() - paused;
        Log.Collected(logger, newConnections, before / 1024, GC.GetTotalMemory(forceFullCollection: false) / 1024, pause.TotalMilliseconds);
    }

    /// <summary>
    /// Before the first collection the whole heap counts as growth, because it may be the garbage of a burst already. The runtime reports
    /// committed bytes as of its own last collection; the total memory includes what was allocated since.
    /// </summary>
    private bool HasGrown()
    {
        if (_quietPeriods < QuietPeriodsAfterGrowth) return false; // a flood has pauses
        var taken = Math.Max(GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes, GC.GetTotalMemory(forceFullCollection: false));
        return taken - _committed > Math.Max(Growth, _committed / 4);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug,
            "Collected garbage after {Connections} new connections: heap {BeforeKb} kB before, {AfterKb} kB after, pause {PauseMs} ms")]
        public static partial void Collected(ILogger logger, int connections, long beforeKb, long afterKb, double pauseMs);
    }
}
