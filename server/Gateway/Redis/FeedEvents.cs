using System.Diagnostics.Metrics;
using Gateway.Core.Connections;

namespace Gateway.Redis;

/// <summary>Where the feeds of all rooms report what they had to look for, and what they did not find.</summary>
internal sealed partial class FeedEvents(GatewayMeter meter, ILogger<RoomFeed> logger)
{
    private readonly Counter<long> _filled = meter.Counter("gateway_backplane_filled_total", "Messages that the subscription did not bring, and that were read from the room's history.");
    private readonly Counter<long> _lost = meter.Counter("gateway_backplane_lost_total", "Messages that the subscription did not bring, and that the history did not have either. Clients are told.");

    public void CountFilled() => _filled.Add(1);

    public void ReportLost(string room, long messages, long from, long to)
    {
        _lost.Add(messages);
        Log.Lost(logger, room, messages, from, to);
    }

    public void ReportNewEpoch(string room, string oldEpoch, long from, string epoch) => Log.NewEpoch(logger, room, oldEpoch, from, epoch);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Room {Room}: {Messages} messages ({From} to {To}) did not come and are not in its history any more. Its members are told")]
        public static partial void Lost(ILogger logger, string room, long messages, long from, long to);

        [LoggerMessage(2, LogLevel.Warning, "Room {Room}: Redis has lost its data; what epoch {OldEpoch} had from {From} on is lost, epoch {Epoch} begins. Its members are told")]
        public static partial void NewEpoch(ILogger logger, string room, string oldEpoch, long from, string epoch);
    }
}
