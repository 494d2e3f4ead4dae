using System.Collections.Concurrent;

namespace Gateway.SampleHubs.Calls;

/// <summary>Calls wait here until another one lets them go on.</summary>
public sealed class Latches
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _latches = new();

    public Task WaitAsync(string name, CancellationToken cancel) => Of(name).Task.WaitAsync(cancel);

    public void Release(string name) => Of(name).TrySetResult();

    private TaskCompletionSource Of(string name) => _latches.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
