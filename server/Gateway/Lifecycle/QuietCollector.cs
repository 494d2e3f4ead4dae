using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Lifecycle;

/// <summary>
/// When many connections have come and it has become quiet, collects what their coming left behind. Idle connections allocate nothing, so
/// no collection would come by itself, and the process would keep the garbage of the rush for as long as the connections last.
/// It pauses the process once, so it is done only while hardly anything happens, and not with a heap so large that the pause would be felt.
/// </summary>
internal sealed partial class QuietCollector(ConnectionTable connections, Supervisor supervisor, ILogger<QuietCollector> logger) : IHostedService, IDisposable
{
    /// <summary>So many connections more than the last time make a rush, if they are also a quarter more.</summary>
    private const int Rush = 500;
    private const long QuietBytesPerPeriod = 1024 * 1024;
    private const long LargestHeapBytes = 256L * 1024 * 1024;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Used by one run of the timer at a time: the period is long and a look is short.
    private ITimer? _timer;
    private int _collectedAt;
    private long _allocated;

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
        var isQuiet = allocated - _allocated < QuietBytesPerPeriod;
        _allocated = allocated;
        var count = connections.Count;
        _collectedAt = Math.Min(_collectedAt, count);
        if (!isQuiet || count - _collectedAt < Math.Max(Rush, _collectedAt / 4)) return;
        var before = GC.GetTotalMemory(forceFullCollection: false);
        if (before > LargestHeapBytes) return;
        var came = count - _collectedAt;
        _collectedAt = count;
        var paused = GC.GetTotalPauseDuration();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Log.Collected(logger, came, before / 1024, GC.GetTotalMemory(forceFullCollection: false) / 1024, (GC.GetTotalPauseDuration() - paused).TotalMilliseconds);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Collected what {Connections} new connections left behind: {BeforeKb} kB of heap before, {AfterKb} kB after, {PauseMs} ms")]
        public static partial void Collected(ILogger logger, int connections, long beforeKb, long afterKb, double pauseMs);
    }
}
