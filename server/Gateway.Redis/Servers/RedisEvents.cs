using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Redis.Servers;

/// <summary>Counts and logs what happens to the connections to Redis. What can come in a flood is logged once a second, with how many there were.</summary>
internal sealed partial class RedisEvents(GatewayMeter meter, TimeProvider time, ILogger<RedisConnection> logger)
{
    private readonly Counter<long> _silent = meter.Counter("gateway_backplane_silent_total", "Connections to Redis that were open and did not answer.");
    private readonly Counter<long> _replaced = meter.Counter("gateway_backplane_replaced_total", "Connections to Redis that were closed and made anew because they did not answer.");
    private readonly Counter<long> _unreadable = meter.Counter("gateway_backplane_unreadable_total", "Messages on the gateway's channels that it could not read.");
    private readonly LogThrottle _unreadableLog = new(time);

    public void ReportTrouble(string trouble) => Log.Trouble(logger, trouble);

    public void ReportBack(string server) => Log.Back(logger, server);

    public void ReportReconnected(string server, string connection) => Log.Reconnected(logger, server, connection);

    public void ReportSilent(string server, RedisConnectionKind connection, TimeSpan limit)
    {
        _silent.Add(1);
        Log.Silent(logger, server, connection == RedisConnectionKind.Commands ? "commands" : "subscriptions", limit.TotalSeconds);
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
        [LoggerMessage(1, LogLevel.Warning, "{Trouble}")]
        public static partial void Trouble(ILogger logger, string trouble);

        [LoggerMessage(2, LogLevel.Information, "{Server} answers and takes writes")]
        public static partial void Back(ILogger logger, string server);

        [LoggerMessage(3, LogLevel.Information, "{Server} is connected again ({Connection})")]
        public static partial void Reconnected(ILogger logger, string server, string connection);

        [LoggerMessage(4, LogLevel.Warning, "{Server} does not answer on the connection for {Connection} for {Seconds:0.#} s: the connections are closed and made anew")]
        public static partial void Silent(ILogger logger, string server, string connection, double seconds);

        [LoggerMessage(5, LogLevel.Warning, "{Server}: new connections stand {Seconds:0.0} s after the silence was noticed. What the rooms missed is read from their histories")]
        public static partial void Replaced(ILogger logger, string server, double seconds);

        [LoggerMessage(7, LogLevel.Warning, "{Messages} messages were passed over that are not of this version, or not the gateway's; the last one on channel {Channel}")]
        public static partial void Unreadable(ILogger logger, Exception? fault, int messages, string channel);
    }
}
