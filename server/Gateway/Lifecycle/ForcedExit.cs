using System.Runtime.InteropServices;

namespace Gateway.Lifecycle;

/// <summary>
/// The first SIGINT or SIGTERM starts the shutdown, which the host runs. The second one ends the process at once. Create it after the host
/// has started: the runtime calls handlers in the reverse order of their registration, and the host's handler returns only when everything
/// has begun to stop. A signal that is counted after that can be overtaken by the next one.
/// </summary>
internal sealed class ForcedExit : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    /// <param name="isStopping">Whether the first signal arrived during startup.</param>
    public ForcedExit(bool isStopping)
    {
        _signals = isStopping ? 1 : 0;
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT })
            _registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true; // the host or this class ends the process
        if (Interlocked.Increment(ref _signals) == 2) Environment.Exit(128 + NumberOf(context.Signal));
    }

    /// <summary>The signal's number, from which shells derive the exit code of a process that a signal has ended.</summary>
    private static int NumberOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        _ => 15,
    };
}
