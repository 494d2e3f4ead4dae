using StackExchange.Redis;

namespace Gateway.Redis.Servers;

/// <summary>
/// The client library's two connections to a server, one for commands and one for subscriptions. The library reconnects when a connection breaks, but it keeps one that
/// has gone silent. So a link is replaceable: a silent one is retired, and <see cref="RedisConnection"/> goes on with a new one.
/// </summary>
internal sealed class RedisLink : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>The probe's key goes away by itself soon after the gateway does.</summary>
    private static readonly TimeSpan ProbeLifetime = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _closing = new();
    private readonly ConnectionMultiplexer _multiplexer;
    private readonly TimeProvider _time;
    private long _answeredAt;
    private long _heardAt;
    private volatile bool _handling;

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

    /// <summary>Cancelled when the link is retired: what was asked over it will not be answered.</summary>
    public CancellationToken Closing { get; }

    public bool IsRetired => Closing.IsCancellationRequested;

    /// <summary>As the library sees it; a silent connection is connected.</summary>
    public bool IsConnected => _multiplexer.IsConnected;

    /// <summary>Returns within the connect timeout, whether the server is there or not.</summary>
    public static async Task<RedisLink> OpenAsync(ConfigurationOptions options, TimeProvider time) => new(await ConnectionMultiplexer.ConnectAsync(options), time);

    /// <summary>Calls back when the library loses a connection and when it has it again, until the link is retired.</summary>
    public void Watch(Action<ConnectionFailedEventArgs> failed, Action<ConnectionFailedEventArgs> restored)
    {
        _multiplexer.ConnectionFailed += (_, e) => { if (!IsRetired) failed(e); };
        _multiplexer.ConnectionRestored += (_, e) => { if (!IsRetired) restored(e); };
    }

    /// <summary>A command was answered.</summary>
    public void NoteAnswer() => Volatile.Write(ref _answeredAt, _time.GetTimestamp());

    /// <summary>The subscription brought a message. While a handler works on it, what comes behind it waits: that is no silence.</summary>
    public void BeginMessage()
    {
        _handling = true;
        Volatile.Write(ref _heardAt, _time.GetTimestamp());
    }

    public void EndMessage() => _handling = false;

    /// <summary>Asks on both connections. A connection that breaks has until the limit to come back.</summary>
    /// <param name="key">The key to write: only a server that takes writes is of use.</param>
    public async Task<ProbeResult> ProbeAsync(string key, TimeSpan limit)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            var refusal = "";
            var at = RedisConnectionKind.Commands;
            try
            {
                var left = limit - _time.GetElapsedTime(began);
                if (left < Pause) left = Pause;
                refusal = await WriteAsync(key, left);
                at = RedisConnectionKind.Subscriptions;
                await Observed(Subscriber.PingAsync()).WaitAsync(left, _time, Closing);
                return new ProbeResult(null, refusal);
            }
            catch (Exception fault) when (IsAway(fault))
            {
                if (IsBusy(at, began)) return new ProbeResult(null, refusal);
                if (IsRetired || _time.GetElapsedTime(began) >= limit) return new ProbeResult(at, "");
            }
            await Task.Delay(Pause, _time);
        }
    }

    public void Retire() => _closing.Cancel();

    /// <summary>Closes the connections. It may block for as long as the operating system holds on to a socket.</summary>
    public void Dispose()
    {
        Retire();
        _multiplexer.Dispose();
    }

    public static bool IsAway(Exception fault) => fault is RedisException or TimeoutException or ObjectDisposedException or OperationCanceledException;

    /// <summary>A command that is given up may still fail; nobody is to hear of that as of an unobserved fault.</summary>
    public static Task<T> Observed<T>(Task<T> task)
    {
        if (!task.IsCompleted)
            task.ContinueWith(static t => _ = t.Exception, default, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }

    /// <returns>What Redis says against it; empty if it was written.</returns>
    private async Task<string> WriteAsync(string key, TimeSpan limit)
    {
        try
        {
            await Observed(Database.StringSetAsync(key, "1", ProbeLifetime)).WaitAsync(limit, _time, Closing);
            return "";
        }
        catch (RedisServerException refusal)
        {
            return refusal.Message;
        }
    }

    /// <summary>The probe had no answer in time, but other things came in since it began.</summary>
    private bool IsBusy(RedisConnectionKind at, long began) =>
        !IsRetired && (at == RedisConnectionKind.Commands ? Volatile.Read(ref _answeredAt) > began : _handling || Volatile.Read(ref _heardAt) > began);
}

internal enum RedisConnectionKind
{
    Commands,
    Subscriptions,
}

/// <param name="Silent">The connection that did not answer; <c>null</c>: both did.</param>
/// <param name="Refusal">What Redis says against a write; empty if it took it.</param>
internal readonly record struct ProbeResult(RedisConnectionKind? Silent, string Refusal)
{
    public bool Answers => Silent == null;
}
