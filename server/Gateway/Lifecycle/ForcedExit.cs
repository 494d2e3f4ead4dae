using System.Runtime.InteropServices;

namespace Gateway.Lifecycle;

/// <summary>
/// The first SIGINT or SIGTERM begins the shutdown, which the host sees to; the second one ends the process at once, whatever it still waits for.
/// Create it after the host has started: the runtime calls handlers in the reverse order of their registration, and the host's returns only when all that it has to stop
/// has begun to. A signal that is counted after that can be overtaken by the next one.
/// </summary>
internal sealed class ForcedExit : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    /// <param name="isStopping">The first signal came while the host started.</param>
    public ForcedExit(bool isStopping)
    {
        _signals = isStopping ? 1 : 0;
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT }) _registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true; // the host, or we, decide what becomes of the process
        if (Interlocked.Increment(ref _signals) == 2) Environment.Exit(128 + NumberOf(context.Signal));
    }

    /// <summary>As shells report a process that a signal has ended.</summary>
    private static int NumberOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        _ => 15,
    };
}
