using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.Redis.Rooms;

/// <summary>Where the feeds of all rooms report what they had to look for, and what they did not find.</summary>
internal sealed partial class SubscriptionEvents(GatewayMeter meter, TimeProvider time, ILogger<RoomSubscription> logger)
{
    private readonly Counter<long> _filled = meter.Counter("gateway_backplane_filled_total", "Messages that the subscription did not bring, and that were read from the room's history.");
    private readonly Counter<long> _lost = meter.Counter("gateway_backplane_lost_total", "Messages that the subscription did not bring, and that the history did not have either. Clients are told.");

    private readonly Counter<long> _unreadable = meter.Counter(
        "gateway_backplane_unreadable_entries_total", "Entries of rooms' histories that are not of this version, or not the gateway's, and were passed over.");
    private readonly Counter<long> _overflowed = meter.Counter(
        "gateway_backplane_overflow_total", "Messages from Redis that were not kept while the fan-out was behind. Those with offsets are read from the history.");
    private readonly LogThrottle _unreadableLog = new(time);
    private readonly LogThrottle _overflowLog = new(time);

    public void CountFilled() => _filled.Add(1);

    public void ReportLost(string room, long messages, long from, long to)
    {
        _lost.Add(messages);
        Log.Lost(logger, room, messages, from, to);
    }

    /// <param name="where">A room.</param>
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
        [LoggerMessage(1, LogLevel.Warning, "Room {Room}: {Messages} messages ({From} to {To}) did not come and are not in its history any more. Its members are told")]
        public static partial void Lost(ILogger logger, string room, long messages, long from, long to);

        [LoggerMessage(2, LogLevel.Warning, "Room {Room}: Redis has lost its data; what epoch {OldEpoch} had from {From} on is lost, epoch {Epoch} begins. Its members are told")]
        public static partial void NewEpoch(ILogger logger, string room, string oldEpoch, long from, string epoch);

        [LoggerMessage(3, LogLevel.Warning, "{Where}: an entry of the history is not of this version, or not the gateway's, and is passed over ({Count} since the last such line)")]
        public static partial void Unreadable(ILogger logger, string where, int count);

        [LoggerMessage(4, LogLevel.Warning, "The fan-out is behind: {Count} messages from Redis were not kept. Those with offsets are read from the history")]
        public static partial void Overflow(ILogger logger, int count);
    }
}
