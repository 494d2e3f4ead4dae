using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Redis.Options;
using StackExchange.Redis;

namespace Gateway.Redis.Servers;

/// <summary>
/// The connection to one Redis server. It opens at startup, whether Redis is available or not, and lasts as long as the gateway.
/// A link that stops responding is replaced. While the server does not respond or rejects writes, the gateway is not ready.
/// Commands of the client library have no timeout of their own; <see cref="ExecuteAsync"/> adds one.
/// </summary>
internal sealed class RedisConnection(
    RedisAddress address, string name, string probeKey, ReadinessState readiness, RedisEvents events, SupervisedLoop health,
    TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly List<Task> _closing = []; // guarded by itself
    private volatile RedisLink? _link;
    private volatile string? _fault;
    private RedisHealth? _health;
    private bool _stopped;

    /// <summary>Raised when the subscription connection is back. Messages published in between did not arrive.</summary>
    public event Action? Restored;

    public string Name => name;

    public string ProbeKey => probeKey;

    /// <summary>As of the last probe: connected, responding and accepting writes.</summary>
    public bool IsUp => _fault == null && _link is { IsConnected: true };

    public RedisLink Link => _link ?? throw NotConnectedYet();

    public RedisChannels Channels { get; } = new(events, time);

    public async Task OpenAsync()
    {
        _fault = $"{name} is not connected yet";
        readiness.SetNotReady(name, _fault);
        SwitchTo(await OpenLinkAsync());
        _health = new RedisHealth(this, events, health, time);
        await _health.StartAsync();
    }

    public Task<RedisLink> OpenLinkAsync() => RedisLink.OpenAsync(RedisClientOptions.Of(address), time);

    /// <returns>The error text of Redis or of the network; empty if everything works.</returns>
    public Task<string> DiagnoseAsync(TimeSpan limit) => RedisDiagnosis.RunAsync(address, probeKey, limit, time);

    /// <summary>Replaces the current link: all subscriptions move to the new link and the old link is closed.</summary>
    public void SwitchTo(RedisLink link)
    {
        var old = _link;
        old?.Retire(); // from here on its messages are discarded
        link.OnConnectionChange(
            failed: e => _health?.OnFailed($"{e.ConnectionType}: {e.FailureType}"),
            restored: e =>
            {
                events.ReportReconnected(name, e.ConnectionType.ToString());
                Restored?.Invoke();
            });
        _link = link;
        Channels.MoveTo(link);
        if (old == null) return;
        Close(Task.FromResult<RedisLink?>(old));
        Restored?.Invoke();
    }

    /// <summary>Closes a link in the background, because closing an unresponsive socket can block.</summary>
    public void Close(Task<RedisLink?> opening)
    {
        lock (_closing)
        {
            _closing.RemoveAll(task => task.IsCompleted);
            _closing.Add(Task.Run(() => health.TryAsync(async () => (await opening)?.Dispose())));
        }
    }

    /// <param name="fault">Why the server is unusable now; <c>null</c> if it responds and accepts writes.</param>
    public void SetFault(string? fault)
    {
        _fault = fault;
        if (fault == null) readiness.SetReady(name);
        else readiness.SetNotReady(name, fault);
    }

    /// <summary>Completes when the server is connected, or after the timeout.</summary>
    public async Task WhenUpAsync(TimeSpan timeout)
    {
        var start = time.GetTimestamp();
        do await Task.Delay(PollInterval, time);
        while (_link is not { IsConnected: true } && time.GetElapsedTime(start) < timeout);
    }

    /// <summary>Executes one command with a timeout.</summary>
    /// <exception cref="BackplaneException">
    /// The server is unavailable or did not reply in time. The command may or may not have been executed.
    /// </exception>
    public async Task<T> ExecuteAsync<T>(Func<IDatabase, Task<T>> command, TimeSpan? timeout = null, CancellationToken cancel = default)
    {
        var link = Link;
        try
        {
            var limit = timeout is { } t ? (t > PollInterval ? t : PollInterval) : CommandTimeout;
            var reply = await RedisLink.ObserveFault(command(link.Database))
                .WaitAsync(limit, time, cancel.CanBeCanceled ? cancel : link.Closing);
            link.RecordReply();
            return reply;
        }
        catch (Exception fault) when (IsUnavailable(fault) && !cancel.IsCancellationRequested)
        {
            if (fault is RedisServerException) link.RecordReply();
            throw ToBackplaneException(fault);
        }
    }

    /// <summary>Converts an exception of the client library.</summary>
    public static BackplaneException ToBackplaneException(Exception fault) =>
        new("Redis: " + (fault is RedisServerException error ? error.Message : fault.GetType().Name), fault);

    public static bool IsUnavailable(Exception fault) => RedisLink.IsUnavailable(fault);

    /// <summary>Whether the command was never sent, because there was no connection.</summary>
    public static bool WasNotSent(Exception fault) =>
        fault is RedisConnectionException
        {
            FailureType: ConnectionFailureType.UnableToResolvePhysicalConnection or ConnectionFailureType.UnableToConnect,
        };

    public async ValueTask DisposeAsync()
    {
        if (_stopped) return;
        _stopped = true;
        if (_health != null) await _health.DisposeAsync();
        if (_link is { } link)
        {
            link.Retire();
            Close(Task.FromResult<RedisLink?>(link));
        }
        Task[] disposing;
        lock (_closing) disposing = [.. _closing];
        await Task.WhenAny(Task.WhenAll(disposing), Task.Delay(CommandTimeout, time)); // an unresponsive socket must not delay the exit
    }

    private BackplaneException NotConnectedYet() => new($"{name} is not connected yet");
}
