using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Connections;

/// <summary>Counts and logs dropped messages, closed connections and how connections ended.</summary>
internal sealed partial class ConnectionEvents(GatewayMeter meter, ILogger<Connection> logger, TimeProvider? time = null)
{
    private const string WriteDeadline = "write deadline";

    /// <summary>A handler ended the connection. The client gets no text.</summary>
    private const string Completed = "completed";

    private static readonly KeyValuePair<string, object?> Gone = new("policy", "gone");
    private static readonly KeyValuePair<string, object?>[] Policies =
    [
        new("policy", "disconnect"), new("policy", "drop_oldest"), new("policy", "drop_newest"), new("policy", "latest"),
    ];

    /// <summary>The values of <c>gateway_dropped_total{policy}</c>.</summary>
    internal static IEnumerable<string> DropLabels => Policies.Append(Gone).Select(label => (string)label.Value!);

    /// <summary>
    /// The values of <c>gateway_closed_total{reason}</c> that are known in advance. An error that closes a connection adds its own text.
    /// </summary>
    internal static IEnumerable<string> CloseLabels => [.. CloseReason.All.Select(LabelOf), Error.BackplaneUnavailable.Text, WriteDeadline];

    private readonly LogThrottle _unexpected = new(time ?? TimeProvider.System);
    private readonly LogThrottle _overdue = new(time ?? TimeProvider.System);
    private long _dropped;

    public ILogger Logger { get; } = logger;

    /// <summary>Messages dropped for slow consumers since the start.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    internal void CountDropped(SlowConsumerPolicy? policy, int messages)
    {
        if (policy != null) Interlocked.Add(ref _dropped, messages);
        meter.Dropped.Add(messages, policy is { } p ? Policies[(int)p] : Gone);
    }

    internal void CountClosed(CloseReason reason) => meter.Closed.Add(1, new KeyValuePair<string, object?>("reason", LabelOf(reason)));

    /// <summary>Counts a connection that is aborted because a write took longer than the deadline.</summary>
    internal void CountWriteDeadline(Connection connection)
    {
        meter.Closed.Add(1, new KeyValuePair<string, object?>("reason", WriteDeadline));
        if (_overdue.TryEnter(out var others)) Log.WriteDeadline(Logger, connection.Id, connection.User.Id, others);
    }

    /// <summary>Counts the end of a connection, and logs it if it was unexpected.</summary>
    internal void CountEnded(Connection connection)
    {
        var ending = connection.End ?? ConnectionEnd.Aborted;
        meter.CountDisconnected(connection.Dialect, ending.Reason);
        if (DisconnectReasons.IsUnexpected(ending.Reason) && _unexpected.TryEnter(out var others))
            Log.Unexpected(
                Logger, connection.Id, connection.User.Id, GatewayMeter.LabelOf(ending.Reason), ending.Code, ending.Text, others);
    }

    private static string LabelOf(CloseReason reason) => reason.Text.Length == 0 ? Completed : reason.Text;

    private static partial class Log
    {
        [LoggerMessage(11, LogLevel.Information,
            "Connection {ConnectionId} of user {UserId} ended unexpectedly: {Reason}, close code {Code} \"{Text}\" (0: no close frame); "
            + "{Others} more since the last such line")]
        public static partial void Unexpected(
            ILogger logger, string connectionId, string userId, string reason, int code, string text, int others);

        [LoggerMessage(12, LogLevel.Information,
            "Aborting connection {ConnectionId} of user {UserId}: a write took longer than raw.write_wait; "
            + "{Others} more since the last such line")]
        public static partial void WriteDeadline(ILogger logger, string connectionId, string userId, int others);
    }
}
