using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Supervision;

/// <summary>
/// Keeps every loop, timer and background task of a gateway alive: a fault is caught, counted and logged, and the loop goes on. Only its own end or its
/// cancellation ends a loop. Expected faults, such as "Redis is away", are the loop's own to handle; what arrives here is a bug, or a resource that ran out.
/// </summary>
/// <param name="faults">Counts faults by the label <c>loop</c>.</param>
internal sealed class Supervisor(TimeProvider time, ILogger<Supervisor> logger, Counter<long>? faults = null)
{
    private readonly ConcurrentDictionary<string, SupervisedLoop> _loops = new(StringComparer.Ordinal);

    /// <summary>For tests: called with the loop's name before each step. What it throws is a fault of that step.</summary>
    internal Action<string>? FailPoint { get; set; }

    /// <summary>The names of all loops so far.</summary>
    internal IReadOnlyCollection<string> Names => [.. _loops.Keys];

    /// <summary>The loop of this name. Several tasks may run under one name, such as one for each room.</summary>
    /// <param name="name">In snake case: it is a label in the metrics.</param>
    public SupervisedLoop Loop(string name) => _loops.GetOrAdd(name, Open);

    /// <summary>The listener for the metrics page stands: every loop's counter exists before its first fault.</summary>
    public void StartCounting()
    {
        foreach (var name in _loops.Keys) InitializeCounter(name);
    }

    private void InitializeCounter(string name) => faults?.Add(0, new KeyValuePair<string, object?>("loop", name));

    private SupervisedLoop Open(string name)
    {
        InitializeCounter(name);
        return new SupervisedLoop(name, this, time, logger, faults);
    }
}
