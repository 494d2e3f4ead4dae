using Gateway.Core.Supervision;

namespace Gateway.Core.Connections;

/// <summary>
/// The application's observers. They are made when the domain starts, because an observer may need the gateway's own services.
/// </summary>
internal delegate IEnumerable<IConnectionObserver> ResolveObservers();

/// <summary>
/// Tells the application's observers of connections. Each observer has its own sequence of calls for each connection, so one that fails or
/// hangs delays neither the connection nor another observer.
/// </summary>
internal sealed class ConnectionObservers(ResolveObservers resolve, DomainName domain, Supervisor supervisor, TimeProvider time)
{
    private IConnectionObserver[] _observers = [];
    private SupervisedLoop? _loop;
    private int _running;

    /// <summary>A call that takes longer is given up, counted and logged.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>To be called before the first connection.</summary>
    public void Start()
    {
        _observers = [.. resolve()];
        if (_observers.Length > 0) _loop = supervisor.Loop("connection_observers");
    }

    /// <summary>The connection is in its first rooms.</summary>
    public void Connected(Connection connection)
    {
        if (_observers.Length == 0) return;
        connection.ObserverCalls = [.. _observers.Select(observer => RunAsync(Task.CompletedTask, observer, connection, end: null))];
    }

    /// <summary>The connection has ended and left its rooms. To be called once.</summary>
    public void Disconnected(Connection connection)
    {
        if (connection.ObserverCalls is not { } calls) return;
        var end = connection.End ?? ConnectionEnd.Aborted;
        for (var i = 0; i < calls.Length; i++) calls[i] = RunAsync(calls[i], _observers[i], connection, end);
    }

    /// <summary>Waits for the calls that are under way, each within its limit.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        while (Volatile.Read(ref _running) > 0 && !cancel.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The task does not fail.</summary>
    /// <param name="end"><c>null</c>: the connection has begun.</param>
    private async Task RunAsync(Task earlier, IConnectionObserver observer, Connection connection, ConnectionEnd? end)
    {
        Interlocked.Increment(ref _running);
        await earlier.ConfigureAwait(false);
        await _loop!.TryAsync(() => CallAsync(observer, new ClientConnection(connection, domain.Value), end)).ConfigureAwait(false);
        Interlocked.Decrement(ref _running);
    }

    private async Task CallAsync(IConnectionObserver observer, ClientConnection connection, ConnectionEnd? end)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        var cancel = limit.Token;
        // As a task of its own: an observer that blocks its thread is given up as well.
        var call = Task.Run(
            async () =>
            {
                if (end == null) await observer.OnConnectedAsync(connection, cancel).ConfigureAwait(false);
                else await observer.OnDisconnectedAsync(connection, end, cancel).ConfigureAwait(false);
            },
            CancellationToken.None);
        try
        {
            await call.WaitAsync(Limit, time).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!call.IsCompleted)
        {
            throw new TimeoutException($"{observer.GetType()} did not end within {Limit.TotalSeconds} s for connection {connection.Id}");
        }
    }
}
