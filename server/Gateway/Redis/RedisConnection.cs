using Gateway.Configuration;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Lifecycle;
using StackExchange.Redis;

namespace Gateway.Redis;

/// <summary>
/// The connection to Redis: opened at the start, whether Redis is there or not, and kept trying for. While it is down the gateway is not ready.
/// </summary>
internal sealed partial class RedisConnection(GatewayOptions options, ReadinessState readiness, GatewayMeter meter, ILogger<RedisConnection> logger) : IAsyncDisposable
{
    private const string Part = "redis";
    private static readonly TimeSpan SubscriberWait = TimeSpan.FromSeconds(5);

    private ConnectionMultiplexer? _multiplexer;

    public IDatabase Database => Multiplexer.GetDatabase();

    public ISubscriber Subscriber => Multiplexer.GetSubscriber();

    private ConnectionMultiplexer Multiplexer => _multiplexer ?? throw new BackplaneException("Redis is not connected yet");

    public async Task OpenAsync()
    {
        var configuration = ConfigurationOptions.Parse(options.Redis.Connection);
        configuration.AbortOnConnectFail = false;
        configuration.ClientName = "gateway";
        meter.Gauge("gateway_backplane_up", "1 while the connection to the backplane stands, else 0.", () => _multiplexer is { IsConnected: true } ? 1 : 0);
        readiness.SetNotReady(Part, "Redis is not connected yet");
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(configuration);
        multiplexer.ConnectionFailed += (_, e) => Report(e.ConnectionType.ToString(), up: false);
        multiplexer.ConnectionRestored += (_, e) => Report(e.ConnectionType.ToString(), up: true);
        multiplexer.PreserveAsyncOrder = true; // the order of a room's messages is the order of its channel
        if (multiplexer.IsConnected) await SubscriberAsync(multiplexer);
        _multiplexer = multiplexer;
        if (multiplexer.IsConnected) readiness.SetReady(Part);
        else Log.Away(logger, "at the start");
    }

    /// <summary>Turns what the client library throws into our word for it.</summary>
    public static BackplaneException Away(Exception fault) => new("Redis: " + fault.GetType().Name, fault);

    public static bool IsAway(Exception fault) => fault is RedisException or TimeoutException or ObjectDisposedException or TaskCanceledException;

    public async ValueTask DisposeAsync()
    {
        if (_multiplexer is not { } multiplexer) return;
        _multiplexer = null;
        await multiplexer.CloseAsync(allowCommandsToComplete: false);
        multiplexer.Dispose();
    }

    /// <summary>
    /// The client library has two connections and waits for the first only. While the second is not there it takes a subscription without making it, and says nothing.
    /// </summary>
    private static async Task SubscriberAsync(ConnectionMultiplexer multiplexer)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < SubscriberWait)
        {
            try
            {
                await multiplexer.GetSubscriber().PingAsync().WaitAsync(SubscriberWait); // goes over the second connection
                return;
            }
            catch (Exception fault) when (IsAway(fault))
            {
                await tick.WaitForNextTickAsync();
            }
        }
    }

    private void Report(string connection, bool up)
    {
        if (_multiplexer is not { } multiplexer) return;
        if (up) Log.Back(logger, connection);
        else Log.Away(logger, connection);
        if (multiplexer.IsConnected) readiness.SetReady(Part);
        else readiness.SetNotReady(Part, "Redis is away");
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Redis is away ({Connection})")]
        public static partial void Away(ILogger logger, string connection);

        [LoggerMessage(2, LogLevel.Information, "Redis is back ({Connection})")]
        public static partial void Back(ILogger logger, string connection);
    }
}
