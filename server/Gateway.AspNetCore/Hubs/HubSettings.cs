using Gateway.AspNetCore.Options;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// The gateway's options as they hold for a hub of the application: no limits, no rooms but the hub's groups, and no presence. The history
/// serves replicas that missed messages, and clients that fell behind.
/// </summary>
internal static class HubSettings
{
    private const int History = 10_000;
    private static readonly TimeSpan HistoryTtl = TimeSpan.FromMinutes(1);

    /// <summary>How much may wait for one connection, unless the application says so: its messages have any size.</summary>
    private const long OutboxBytes = 16 << 20;

    public static GatewayOptions Of(GatewayOptions gateway)
    {
        var options = gateway.Copy();
        options.Rooms = gateway.Rooms.Copy();
        options.Rooms.AutoJoin = [];
        options.Rooms.MaxPerConnection = int.MaxValue;
        options.Rooms.MaxPerUser = 0;
        options.Rooms.MaxRooms = 0;
        options.Rooms.Policies = [];
        options.Rooms.Permissions = [];
        options.Rooms.Defaults = new RoomDefaults { Presence = false, Announce = false, History = History, HistoryTtl = HistoryTtl };
        options.Outbox = new OutboxOptions
        {
            Capacity = gateway.Outbox.Capacity,
            MaxBytes = gateway.Outbox.MaxBytes == new OutboxOptions().MaxBytes ? OutboxBytes : gateway.Outbox.MaxBytes,
            OnFull = gateway.Outbox.OnFull,
        };
        options.RateLimit = new RateLimitOptions
        {
            Messages = 0,
            Announcements = new AnnouncementRateOptions { Messages = 0 },
            ConnectionsPerIp = gateway.RateLimit.ConnectionsPerIp,
            ControlFrames = gateway.RateLimit.ControlFrames,
        };
        options.MetricsStream = new MetricsStreamOptions { Enabled = false, IntervalMs = gateway.MetricsStream.IntervalMs };
        return options;
    }
}
