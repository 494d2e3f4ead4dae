using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Supervision;

/// <summary>
/// Keeps every loop, timer and background task alive: a fault is caught, counted and logged, and the loop goes on. A loop ends only by
/// itself or by cancellation. It handles expected faults, such as an unavailable Redis; a fault that arrives here is a bug, or a resource
/// that ran out.
/// </summary>
/// <param name="faults">Counts faults by the label <c>loop</c>.</param>
internal sealed class Supervisor(TimeProvider time, ILogger<Supervisor> logger, Counter<long>? faults = null)
{
    private readonly ConcurrentDictionary<string, SupervisedLoop> _loops = new(StringComparer.Ordinal);

    /// <summary>For tests: called with the loop's name before each step. An exception that it throws is a fault of that step.</summary>
    internal Action<string>? FailPoint { get; set; }

    /// <summary>The names of all loops.</summary>
    internal IReadOnlyCollection<string> Names => [.. _loops.Keys];

    /// <summary>Gets or creates the loop of this name. Several tasks may run under one name, such as one for each room.</summary>
    /// <param name="name">In snake case: it is a label in the metrics.</param>
    public SupervisedLoop Loop(string name) => _loops.GetOrAdd(name, Open);

    /// <summary>Initializes every loop's counter to 0. Called when the listener of the metrics page has started.</summary>
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
