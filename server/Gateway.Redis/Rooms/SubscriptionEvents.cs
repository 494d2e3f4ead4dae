using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Redis.Rooms;

/// <summary>Counts and logs gaps in the subscriptions to rooms, and what was done about them.</summary>
internal sealed partial class SubscriptionEvents(GatewayMeter meter, TimeProvider time, ILogger<RoomSubscription> logger)
{
    private readonly Counter<long> _filled = meter.Counter(
        "gateway_backplane_filled_total", "Messages that the subscription missed and that were read from the room's history.");
    private readonly Counter<long> _lost = meter.Counter(
        "gateway_backplane_lost_total",
        "Messages that the subscription missed and that the history does not have either. Clients are told.");

    private readonly Counter<long> _unreadable = meter.Counter(
        "gateway_backplane_unreadable_entries_total",
        "Entries of rooms' histories that were skipped, because they have another version or are not the gateway's.");
    private readonly Counter<long> _overflowed = meter.Counter(
        "gateway_backplane_overflow_total",
        "Messages from Redis that were discarded while the fan-out was behind. Those with offsets are read from the history.");
    private readonly LogThrottle _unreadableLog = new(time);
    private readonly LogThrottle _overflowLog = new(time);

    public void CountFilled() => _filled.Add(1);

    public void ReportLost(string room, long messages, long from, long to)
    {
        _lost.Add(messages);
        Log.Lost(logger, room, messages, from, to);
    }

    /// <param name="where">A room, or another place.</param>
    public void ReportUnreadable(string where)
    {
        _unreadable.Add(1);
        if (_unreadableLog.TryEnter(out var suppressed)) Log.Unreadable(logger, where, suppressed + 1);
    }

    public void ReportOverflow()
    {
        _overflowed.Add(1);
        if (_overflowLog.TryEnter(out var suppressed)) Log.Overflow(logger, suppressed + 1);
    }

    public void ReportNewEpoch(string room, string oldEpoch, long from, string epoch) => Log.NewEpoch(logger, room, oldEpoch, from, epoch);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Room {Room}: {Messages} messages ({From} to {To}) did not arrive and are no longer in the history. "
            + "The members get a gap event")]
        public static partial void Lost(ILogger logger, string room, long messages, long from, long to);

        [LoggerMessage(2, LogLevel.Warning,
            "Room {Room}: Redis has lost its data. Messages of epoch {OldEpoch} from {From} on are lost, epoch {Epoch} begins. "
            + "The members are told")]
        public static partial void NewEpoch(ILogger logger, string room, string oldEpoch, long from, string epoch);

        [LoggerMessage(3, LogLevel.Warning,
            "{Where}: an entry was skipped, because it has another version or is not the gateway's ({Count} since the last such line)")]
        public static partial void Unreadable(ILogger logger, string where, int count);

        [LoggerMessage(4, LogLevel.Warning,
            "The fan-out is behind: {Count} messages from Redis were discarded. Those with offsets are read from the history")]
        public static partial void Overflow(ILogger logger, int count);
    }
}
