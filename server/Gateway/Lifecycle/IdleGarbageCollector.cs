using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Lifecycle;

/// <summary>
/// When many connections have come, or the heap has grown, and it has become quiet, collects what that left behind. Idle connections allocate nothing, so
/// no collection would come by itself, and the process would keep the garbage of a rush or of a flood for as long as it is quiet.
/// It pauses the process once, so it is done only while hardly anything happens, and not with a heap so large that the pause would be felt.
/// </summary>
internal sealed partial class IdleGarbageCollector(ConnectionTable connections, Supervisor supervisor, ILogger<IdleGarbageCollector> logger) : IHostedService, IDisposable
{
    /// <summary>So many connections more than the last time make a rush, if they are also a quarter more.</summary>
    private const int Rush = 500;

    /// <summary>What the heap has taken from the system beyond what the last collection here left of it, if it is also a quarter more.</summary>
    private const long Growth = 16L * 1024 * 1024;
    private const long QuietBytesPerPeriod = 1024 * 1024;
    private const int QuietPeriodsAfterGrowth = 5;
    private const long LargestHeapBytes = 256L * 1024 * 1024;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Used by one run of the timer at a time: the period is long and a look is short.
    private ITimer? _timer;
    private int _collectedAt;
    private long _allocated;
    private long _committed; // after the last collection here; 0 before the first
    private int _quietPeriods;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = supervisor.Loop("quiet_collector").Every(Period, Look);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        _quietPeriods = allocated - _allocated < QuietBytesPerPeriod ? _quietPeriods + 1 : 0;
        _allocated = allocated;
        var count = connections.Count;
        _collectedAt = Math.Min(_collectedAt, count);
        if (_quietPeriods == 0 || (count - _collectedAt < Math.Max(Rush, _collectedAt / 4) && !HasGrown())) return;
        var before = GC.GetTotalMemory(forceFullCollection: false);
        if (Math.Min(before, GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes) > LargestHeapBytes) return; // what has died since the last collection costs no pause
        var came = count - _collectedAt;
        _collectedAt = count;
        var paused = GC.GetTotalPauseDuration();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _committed = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
        Log.Collected(logger, came, before / 1024, GC.GetTotalMemory(forceFullCollection: false) / 1024, (GC.GetTotalPauseDuration() - paused).TotalMilliseconds);
    }

    /// <summary>
    /// Before the first collection here there is nothing to compare with: what the heap has then may be the garbage of a rush already, and everything counts as growth.
    /// What the runtime says it has taken is as of its own last collection; what was allocated after that shows in the total.
    /// </summary>
    private bool HasGrown()
    {
        if (_quietPeriods < QuietPeriodsAfterGrowth) return false; // a flood has its pauses
        var taken = Math.Max(GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes, GC.GetTotalMemory(forceFullCollection: false));
        return taken - _committed > Math.Max(Growth, _committed / 4);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Collected what {Connections} new connections left behind: {BeforeKb} kB of heap before, {AfterKb} kB after, {PauseMs} ms")]
        public static partial void Collected(ILogger logger, int connections, long beforeKb, long afterKb, double pauseMs);
    }
}
