using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Redis.Options;
using StackExchange.Redis;

namespace Gateway.Redis.Servers;

/// <summary>
/// The connection to one Redis server: opened at the start, whether Redis is there or not, and kept up for as long as the gateway runs. What has gone silent is replaced.
/// While the server does not answer, or takes no writes, the gateway is not ready.
/// The client library's commands have no time limit of their own; whoever goes through <see cref="AskAsync"/> gets one.
/// </summary>
internal sealed class RedisConnection(
    RedisAddress address, string name, string probeKey, ReadinessState readiness, RedisEvents events, SupervisedLoop health, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly List<Task> _disposing = []; // guarded by itself
    private volatile RedisLink? _link;
    private volatile string? _trouble;
    private RedisHealth? _health;
    private bool _stopped;

    /// <summary>The connection for subscriptions is there again; what was published meanwhile has passed it by.</summary>
    public event Action? Restored;

    public string Name => name;

    public string ProbeKey => probeKey;

    /// <summary>As far as is known: connected, answering, and taking writes.</summary>
    public bool IsUp => _trouble == null && _link is { IsConnected: true };

    public RedisLink Link => _link ?? throw NotYet();

    public RedisChannels Channels { get; } = new(events, time);

    public async Task OpenAsync()
    {
        _trouble = $"{name} is not connected yet";
        readiness.SetNotReady(name, _trouble);
        Adopt(await OpenLinkAsync());
        _health = new RedisHealth(this, events, health, time);
        await _health.StartAsync();
    }

    public Task<RedisLink> OpenLinkAsync() => RedisLink.OpenAsync(RedisClientOptions.Of(address), time);

    /// <returns>Redis's own words; empty if it has nothing against us.</returns>
    public Task<string> AskWhyAsync(TimeSpan limit) => RedisDiagnosis.AskAsync(address, probeKey, limit, time);

    /// <summary>Goes on with another link: the old one is closed, and all subscriptions move.</summary>
    public void Adopt(RedisLink link)
    {
        var old = _link;
        old?.Retire(); // from here on it brings nothing more
        link.Watch(
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

    /// <summary>Closes a link in the background: the operating system may hold on to a silent socket.</summary>
    public void Close(Task<RedisLink?> opening)
    {
        lock (_disposing)
        {
            _disposing.RemoveAll(task => task.IsCompleted);
            _disposing.Add(Task.Run(() => health.TryAsync(async () => (await opening)?.Dispose())));
        }
    }

    /// <param name="trouble">Why the server is of no use now; <c>null</c>: it answers and takes writes.</param>
    public void Note(string? trouble)
    {
        _trouble = trouble;
        if (trouble == null) readiness.SetReady(name);
        else readiness.SetNotReady(name, trouble);
    }

    /// <summary>Completes when the server is up, or the time is over.</summary>
    public async Task WhenUpAsync(TimeSpan limit)
    {
        var began = time.GetTimestamp();
        do await Task.Delay(Pause, time);
        while (_link is not { IsConnected: true } && time.GetElapsedTime(began) < limit);
    }

    /// <summary>One command, within a time limit.</summary>
    /// <exception cref="BackplaneException">The server is away, or did not answer in time; whether it carried out the command is not known.</exception>
    public async Task<T> AskAsync<T>(Func<IDatabase, Task<T>> command, TimeSpan? limit = null, CancellationToken cancel = default)
    {
        var link = Link;
        try
        {
            var answer = await RedisLink.Observed(command(link.Database))
                .WaitAsync(limit is { } t ? (t > Pause ? t : Pause) : CommandLimit, time, cancel.CanBeCanceled ? cancel : link.Closing);
            link.NoteAnswer();
            return answer;
        }
        catch (Exception fault) when (IsAway(fault) && !cancel.IsCancellationRequested)
        {
            if (fault is RedisServerException) link.NoteAnswer();
            throw Away(fault);
        }
    }

    /// <summary>Turns what the client library throws into our word for it.</summary>
    public static BackplaneException Away(Exception fault) => new("Redis: " + (fault is RedisServerException refusal ? refusal.Message : fault.GetType().Name), fault);

    public static bool IsAway(Exception fault) => RedisLink.IsAway(fault);

    /// <summary>Nothing was sent: there is no connection.</summary>
    public static bool IsUnsent(Exception fault) =>
        fault is RedisConnectionException { FailureType: ConnectionFailureType.UnableToResolvePhysicalConnection or ConnectionFailureType.UnableToConnect };

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
        lock (_disposing) disposing = [.. _disposing];
        await Task.WhenAny(Task.WhenAll(disposing), Task.Delay(CommandLimit, time)); // a silent socket does not hold up the end of the process
    }

    private BackplaneException NotYet() => new($"{name} is not connected yet");
}
