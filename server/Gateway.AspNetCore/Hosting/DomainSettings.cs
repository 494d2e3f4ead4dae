using Gateway.AspNetCore.Options;

namespace Gateway.AspNetCore.Hosting;

/// <summary>The whole of the options as they hold in one hub: the gateway's, with what the hub sets itself laid over them.</summary>
internal static class DomainSettings
{
    public static GatewayOptions Of(string name, GatewayOptions gateway)
    {
        var hub = gateway.Hubs[name];
        var options = gateway.Copy();
        options.Raw = new RawOptions
        {
            Path = gateway.Raw.Path,
            MaxMessageBytes = hub.MaxMessageBytes ?? gateway.Raw.MaxMessageBytes,
            WriteWait = gateway.Raw.WriteWait,
            PingPeriod = gateway.Raw.PingPeriod,
            PongWait = gateway.Raw.PongWait,
        };
        options.Outbox = new OutboxOptions
        {
            Capacity = hub.Outbox.Capacity ?? gateway.Outbox.Capacity,
            MaxBytes = hub.Outbox.MaxBytes ?? gateway.Outbox.MaxBytes,
            OnFull = hub.Outbox.OnFull ?? gateway.Outbox.OnFull,
        };
        options.Rooms = gateway.Rooms.Copy();
        options.Rooms.AutoJoin = hub.AutoJoin;
        options.Rooms.MaxPerConnection = hub.MaxRoomsPerConnection ?? gateway.Rooms.MaxPerConnection;
        if (hub.Policies.Count > 0) options.Rooms.Policies = hub.Policies;
        options.RateLimit = new RateLimitOptions
        {
            Messages = hub.RateLimit.Messages ?? gateway.RateLimit.Messages,
            Window = hub.RateLimit.Window ?? gateway.RateLimit.Window,
            PerUser = gateway.RateLimit.PerUser,
            Announcements = gateway.RateLimit.Announcements,
            ConnectionsPerIp = gateway.RateLimit.ConnectionsPerIp,
            ControlFrames = gateway.RateLimit.ControlFrames,
            DryRun = gateway.RateLimit.DryRun,
        };
        options.MetricsStream = new MetricsStreamOptions { Enabled = hub.MetricsStream, IntervalMs = gateway.MetricsStream.IntervalMs };
        return options;
    }
}
