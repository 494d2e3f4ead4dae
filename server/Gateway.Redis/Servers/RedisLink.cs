using StackExchange.Redis;

namespace Gateway.Redis.Servers;

/// <summary>
/// The client library's two connections to a server: one for commands, one for subscriptions. The library reconnects when a connection
/// breaks, but keeps one that has stopped responding. Such a link is retired and <see cref="RedisConnection"/> switches to a new one.
/// </summary>
internal sealed class RedisLink : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The probe's key expires soon after the gateway has stopped.</summary>
    private static readonly TimeSpan ProbeLifetime = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _closing = new();
    private readonly ConnectionMultiplexer _multiplexer;
    private readonly TimeProvider _time;
    private long _lastReplyAt;
    private long _lastMessageAt;
    private volatile bool _isHandlingMessage;

    private RedisLink(ConnectionMultiplexer multiplexer, TimeProvider time)
    {
        _multiplexer = multiplexer;
        _multiplexer.PreserveAsyncOrder = true; // the order of a room's messages is the order of its channel
        _time = time;
        Database = multiplexer.GetDatabase();
        Subscriber = multiplexer.GetSubscriber();
        Closing = _closing.Token;
    }

    public IDatabase Database { get; }

    public ISubscriber Subscriber { get; }

    /// <summary>Cancelled when the link is retired: commands in flight will not be answered.</summary>
    public CancellationToken Closing { get; }

    public bool IsRetired => Closing.IsCancellationRequested;

    /// <summary>As the library sees it: an unresponsive connection is still connected.</summary>
    public bool IsConnected => _multiplexer.IsConnected;

    /// <summary>Returns within the connect timeout, whether the server is available or not.</summary>
    public static async Task<RedisLink> OpenAsync(ConfigurationOptions options, TimeProvider time) =>
        new(await ConnectionMultiplexer.ConnectAsync(options), time);

    /// <summary>Registers callbacks for a lost and a restored connection. They are not called after the link is retired.</summary>
    public void OnConnectionChange(Action<ConnectionFailedEventArgs> failed, Action<ConnectionFailedEventArgs> restored)
    {
        _multiplexer.ConnectionFailed += (_, e) => { if (!IsRetired) failed(e); };
        _multiplexer.ConnectionRestored += (_, e) => { if (!IsRetired) restored(e); };
    }

    /// <summary>Records that Redis replied to a command.</summary>
    public void RecordReply() => Volatile.Write(ref _lastReplyAt, _time.GetTimestamp());

    /// <summary>Records that a message arrived. While its handler runs, later messages wait; that does not count as unresponsive.</summary>
    public void BeginMessage()
    {
        _isHandlingMessage = true;
        Volatile.Write(ref _lastMessageAt, _time.GetTimestamp());
    }

    public void EndMessage() => _isHandlingMessage = false;

    /// <summary>Probes both connections. A broken connection has until the timeout to come back.</summary>
    /// <param name="key">The key to write: a server that rejects writes is unusable.</param>
    public async Task<ProbeResult> ProbeAsync(string key, TimeSpan timeout)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var writeError = "";
            var connection = RedisConnectionKind.Commands;
            try
            {
                var left = timeout - _time.GetElapsedTime(start);
                if (left < RetryInterval) left = RetryInterval;
                writeError = await WriteAsync(key, left);
                connection = RedisConnectionKind.Subscriptions;
                await ObserveFault(Subscriber.PingAsync()).WaitAsync(left, _time, Closing);
                return new ProbeResult(null, writeError);
            }
            catch (Exception fault) when (IsUnavailable(fault))
            {
                if (IsBusy(connection, start)) return new ProbeResult(null, writeError);
                if (IsRetired || _time.GetElapsedTime(start) >= timeout) return new ProbeResult(connection, "");
            }
            await Task.Delay(RetryInterval, _time);
        }
    }

    public void Retire() => _closing.Cancel();

    /// <summary>Closes the connections. This can block for as long as the operating system keeps a socket open.</summary>
    public void Dispose()
    {
        Retire();
        _multiplexer.Dispose();
    }

    public static bool IsUnavailable(Exception fault) =>
        fault is RedisException or TimeoutException or ObjectDisposedException or OperationCanceledException;

    /// <summary>Observes the task's exception, so that an abandoned command does not raise an unobserved task exception.</summary>
    public static Task<T> ObserveFault<T>(Task<T> task)
    {
        if (!task.IsCompleted)
        {
            task.ContinueWith(
                static t => _ = t.Exception,
                default,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
        return task;
    }

    /// <returns>The error of Redis; empty if the key was written.</returns>
    private async Task<string> WriteAsync(string key, TimeSpan timeout)
    {
        try
        {
            await ObserveFault(Database.StringSetAsync(key, "1", ProbeLifetime)).WaitAsync(timeout, _time, Closing);
            return "";
        }
        catch (RedisServerException error)
        {
            return error.Message;
        }
    }

    /// <summary>Whether other traffic arrived since the probe began, although the probe itself had no reply in time.</summary>
    private bool IsBusy(RedisConnectionKind connection, long start)
    {
        if (IsRetired) return false;
        return connection == RedisConnectionKind.Commands
            ? Volatile.Read(ref _lastReplyAt) > start
            : _isHandlingMessage || Volatile.Read(ref _lastMessageAt) > start;
    }
}

/// <summary>The client library's connections to a server.</summary>
internal enum RedisConnectionKind
{
    Commands,
    Subscriptions,
}

/// <summary>The result of a probe of both connections.</summary>
/// <param name="Unresponsive">The connection that did not respond; <c>null</c> if both did.</param>
/// <param name="WriteError">The error of Redis to the write; empty if it was accepted.</param>
internal readonly record struct ProbeResult(RedisConnectionKind? Unresponsive, string WriteError)
{
    public bool IsResponsive => Unresponsive == null;
}
