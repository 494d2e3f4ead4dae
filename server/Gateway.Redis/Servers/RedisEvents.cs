using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Redis.Servers;

/// <summary>
/// Counts and logs events of the connections to Redis. Events that can come in bursts are logged once a second with their number.
/// </summary>
internal sealed partial class RedisEvents(GatewayMeter meter, TimeProvider time, ILogger<RedisConnection> logger)
{
    private readonly Counter<long> _unresponsive = meter.Counter(
        "gateway_backplane_silent_total", "Connections to Redis that were open but did not respond.");
    private readonly Counter<long> _replaced = meter.Counter(
        "gateway_backplane_replaced_total", "Connections to Redis that were closed and opened again because they did not respond.");
    private readonly Counter<long> _unreadable = meter.Counter(
        "gateway_backplane_unreadable_total", "Messages on the gateway's channels that could not be read.");
    private readonly LogThrottle _unreadableLog = new(time);

    public void ReportUnavailable(string fault) => Log.Unavailable(logger, fault);

    public void ReportAvailable(string server) => Log.Available(logger, server);

    public void ReportReconnected(string server, string connection) => Log.Reconnected(logger, server, connection);

    public void ReportUnresponsive(string server, RedisConnectionKind connection, TimeSpan timeout)
    {
        _unresponsive.Add(1);
        Log.Unresponsive(logger, server, connection == RedisConnectionKind.Commands ? "commands" : "subscriptions", timeout.TotalSeconds);
    }

    public void ReportReplaced(string server, TimeSpan after)
    {
        _replaced.Add(1);
        Log.Replaced(logger, server, after.TotalSeconds);
    }

    public void ReportUnreadable(string channel, Exception? fault)
    {
        _unreadable.Add(1);
        if (_unreadableLog.TryEnter(out var suppressed)) Log.Unreadable(logger, fault, suppressed + 1, channel);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Fault}")]
        public static partial void Unavailable(ILogger logger, string fault);

        [LoggerMessage(2, LogLevel.Information, "{Server} responds and accepts writes")]
        public static partial void Available(ILogger logger, string server);

        [LoggerMessage(3, LogLevel.Information, "{Server} is connected again ({Connection})")]
        public static partial void Reconnected(ILogger logger, string server, string connection);

        [LoggerMessage(4, LogLevel.Warning,
            "{Server} does not respond on the connection for {Connection} for {Seconds:0.#} s. "
            + "The connections are closed and opened again")]
        public static partial void Unresponsive(ILogger logger, string server, string connection, double seconds);

        [LoggerMessage(5, LogLevel.Warning,
            "{Server} has new connections {Seconds:0.0} s after the old ones stopped responding. "
            + "Messages that the rooms missed are read from their histories")]
        public static partial void Replaced(ILogger logger, string server, double seconds);

        [LoggerMessage(7, LogLevel.Warning,
            "{Messages} messages were skipped: they have another version or are not the gateway's. The last one was on channel {Channel}")]
        public static partial void Unreadable(ILogger logger, Exception? fault, int messages, string channel);
    }
}
