using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Supervision;

/// <summary>
/// Runs the steps of one loop. A fault is counted and logged, at most once a second; the next step follows after a pause.
/// </summary>
internal sealed partial class SupervisedLoop
{
    private readonly Supervisor _supervisor;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Counter<long>? _faults;
    private readonly KeyValuePair<string, object?> _label;
    private readonly LogThrottle _log;

    internal SupervisedLoop(string name, Supervisor supervisor, TimeProvider time, ILogger logger, Counter<long>? faults)
    {
        _log = new LogThrottle(time);
        (Name, _supervisor, _time, _logger, _faults) = (name, supervisor, time, logger, faults);
        _label = new KeyValuePair<string, object?>("loop", name);
    }

    public string Name { get; }

    /// <summary>Repeats a step until it returns <c>false</c>, or until cancelled. The task does not fail.</summary>
    public async Task RunAsync(Func<CancellationToken, Task<bool>> step, CancellationToken stop)
    {
        var backoff = new Backoff();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                BeginStep();
                if (!await step(stop).ConfigureAwait(false)) return;
                backoff.Reset();
                continue;
            }
            catch (Exception fault)
            {
                if (stop.IsCancellationRequested) return;
                Report(fault);
            }
            await Task.Delay(backoff.Next(), _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Repeats a step at every tick until cancelled; missed ticks count as one. The task does not fail.</summary>
    public async Task EveryAsync(TimeSpan period, Func<CancellationToken, Task> step, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(period, _time);
        await RunAsync(StepAsync, stop).ConfigureAwait(false);

        async Task<bool> StepAsync(CancellationToken cancel)
        {
            if (!await timer.WaitForNextTickAsync(cancel).ConfigureAwait(false)) return false;
            await step(cancel).ConfigureAwait(false);
            return true;
        }
    }

    /// <summary>Repeats a short step on a timer. After a fault, the next tick runs.</summary>
    public ITimer Every(TimeSpan period, Action step) => StartTimer(step, period, period);

    /// <summary>Runs a step once, later.</summary>
    public ITimer After(TimeSpan due, Action step) => StartTimer(step, due, Timeout.InfiniteTimeSpan);

    /// <summary>Starts background work that nobody awaits. It is not repeated.</summary>
    public void Start(Func<Task> work) => _ = TryAsync(work);

    /// <summary>Runs the callback of a library, which must not see its faults.</summary>
    public void Try(Action work)
    {
        try
        {
            BeginStep();
            work();
        }
        catch (Exception fault)
        {
            Report(fault);
        }
    }

    /// <summary>Call it first in each step of a loop that runs its own steps, inside the <c>try</c>.</summary>
    public void BeginStep() => _supervisor.FailPoint?.Invoke(Name);

    /// <summary>Counts and logs a fault.</summary>
    public void Report(Exception fault)
    {
        _faults?.Add(1, _label);
        if (_log.TryEnter(out var suppressed)) Log.Fault(_logger, fault, Name, suppressed + 1);
    }

    /// <summary>Runs background work once. The task does not fail.</summary>
    public async Task TryAsync(Func<Task> work)
    {
        try
        {
            BeginStep();
            await work().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            Report(fault);
        }
    }

    private ITimer StartTimer(Action step, TimeSpan due, TimeSpan period) =>
        _time.CreateTimer(
            static state =>
            {
                var (loop, step) = ((SupervisedLoop, Action))state!;
                loop.Try(step);
            },
            (this, step),
            due,
            period);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Loop {Loop} had {Faults} faults since the last such line and goes on", EventName = "LoopFault")]
        public static partial void Fault(ILogger logger, Exception fault, string loop, int faults);
    }
}
