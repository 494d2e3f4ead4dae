using Gateway.Core.Broadcast;
using Gateway.Lifecycle;
using StackExchange.Redis;

namespace Gateway.Redis;

/// <summary>
/// The connection to one Redis server: opened at the start, whether Redis is there or not, and kept trying for. While it is down the gateway is not ready.
/// The client library's commands have no time limit of their own; whoever goes through <see cref="AskAsync"/> gets one.
/// </summary>
internal sealed partial class RedisConnection(string configuration, string name, ReadinessState readiness, TimeProvider time, ILogger<RedisConnection> logger) : IAsyncDisposable
{
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private ConnectionMultiplexer? _multiplexer;
    private RedisChannels? _channels;
    private volatile bool _answers;

    /// <summary>The connection for subscriptions is there again; what was published meanwhile has passed it by.</summary>
    public event Action? Restored;

    /// <summary>As far as is known: connected, and answering.</summary>
    public bool IsUp => _answers && _multiplexer is { IsConnected: true };

    public IDatabase Database => Multiplexer.GetDatabase();

    public ISubscriber Subscriber => Multiplexer.GetSubscriber();

    public RedisChannels Channels => _channels ?? throw NotYet();

    private ConnectionMultiplexer Multiplexer => _multiplexer ?? throw NotYet();

    public async Task OpenAsync()
    {
        var options = ConfigurationOptions.Parse(configuration);
        options.AbortOnConnectFail = false;
        options.ClientName = "gateway";
        readiness.SetNotReady(name, $"{name} is not connected yet");
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(options);
        multiplexer.PreserveAsyncOrder = true; // the order of a room's messages is the order of its channel
        multiplexer.ConnectionFailed += (_, e) => Failed(e.ConnectionType.ToString());
        multiplexer.ConnectionRestored += (_, e) => Restore(e.ConnectionType);
        _channels = new RedisChannels(multiplexer.GetSubscriber(), time);
        _multiplexer = multiplexer;
        // The library has a second connection, the one for subscriptions, and does not wait for it.
        if (!multiplexer.IsConnected || !await TryAnswerAsync(CommandLimit)) Log.Away(logger, name, "at the start");
    }

    /// <summary>Does the server answer on both connections? Notes what it finds.</summary>
    public async Task<bool> TryAnswerAsync(TimeSpan limit)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await Observed(Database.PingAsync()).WaitAsync(limit, time);
                await Observed(Subscriber.PingAsync()).WaitAsync(limit, time);
                Note(answers: true);
                return true;
            }
            catch (Exception fault) when (IsAway(fault))
            {
                if (time.GetElapsedTime(began) > limit || !Multiplexer.IsConnected)
                {
                    Note(answers: false);
                    return false;
                }
            }
            await Task.Delay(Pause, time);
        }
    }

    /// <summary>Completes when the server is up, or the time is over.</summary>
    public async Task WhenUpAsync(TimeSpan limit)
    {
        var began = time.GetTimestamp();
        do await Task.Delay(Pause, time);
        while (_multiplexer is not { IsConnected: true } && time.GetElapsedTime(began) < limit);
    }

    /// <summary>One command, within a time limit.</summary>
    /// <exception cref="BackplaneException">The server is away, or did not answer in time; whether it carried out the command is not known.</exception>
    public async Task<T> AskAsync<T>(Func<IDatabase, Task<T>> command, TimeSpan? limit = null, CancellationToken cancel = default)
    {
        try
        {
            return await Observed(command(Database)).WaitAsync(limit is { } t ? (t > Pause ? t : Pause) : CommandLimit, time, cancel);
        }
        catch (Exception fault) when (IsAway(fault) && !cancel.IsCancellationRequested)
        {
            throw Away(fault);
        }
    }

    /// <summary>Turns what the client library throws into our word for it.</summary>
    public static BackplaneException Away(Exception fault) => new("Redis: " + fault.GetType().Name, fault);

    public static bool IsAway(Exception fault) => fault is RedisException or TimeoutException or ObjectDisposedException or OperationCanceledException;

    /// <summary>Nothing was sent: there is no connection.</summary>
    public static bool IsUnsent(Exception fault) =>
        fault is RedisConnectionException { FailureType: ConnectionFailureType.UnableToResolvePhysicalConnection or ConnectionFailureType.UnableToConnect };

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _multiplexer, null) is not { } multiplexer) return;
        await multiplexer.CloseAsync(allowCommandsToComplete: false);
        multiplexer.Dispose();
    }

    private BackplaneException NotYet() => new($"{name} is not connected yet");

    /// <summary>A command that is given up may still fail; nobody is to hear of that as of an unobserved fault.</summary>
    private static Task<T> Observed<T>(Task<T> task)
    {
        if (!task.IsCompleted) task.ContinueWith(static t => _ = t.Exception, default, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }

    private void Failed(string connection)
    {
        if (_multiplexer == null) return; // we are closing it ourselves
        Log.Away(logger, name, connection);
        Note(answers: false);
    }

    private void Restore(ConnectionType connection)
    {
        if (_multiplexer == null) return;
        Log.Back(logger, name, connection.ToString());
        Restored?.Invoke();
    }

    private void Note(bool answers)
    {
        _answers = answers;
        if (answers) readiness.SetReady(name);
        else readiness.SetNotReady(name, $"{name} is away");
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Server} is away ({Connection})")]
        public static partial void Away(ILogger logger, string server, string connection);

        [LoggerMessage(2, LogLevel.Information, "{Server} is back ({Connection})")]
        public static partial void Back(ILogger logger, string server, string connection);
    }
}
