using Gateway.Core.Commands;
using Gateway.Core.Configuration;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

/// <summary>The configuration keys of <see cref="GatewayOptions"/> and their allowed values.</summary>
internal static class GatewaySchema
{
    private static readonly Value<bool> Flag = Values.Flag;
    internal static readonly Value<int> Limit = Values.Whole(0, 10_000_000);
    private static readonly Value<TimeSpan> Wait = Values.Time(TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
    private static readonly Value<SlowConsumerPolicy> OnFull = Values.Choice<SlowConsumerPolicy>();
    private static readonly Value<PublishRight> Publish = Values.Choice<PublishRight>();

    private static readonly Value<int> History = Values.Whole(0, 1_000_000);
    private static readonly Value<TimeSpan> HistoryTtl = Values.Time(TimeSpan.FromSeconds(1), TimeSpan.FromDays(7));

    public static Section<ServerOptions> Server { get; } = new()
    {
        { o => o.MaxConnections, Limit },
        { o => o.MaxConnectionsPerIp, Limit },
        { o => o.MaxConnectionsPerUser, Limit },
        { o => o.AllowedOrigins, new ListOf<string>(TextRules.Origin, () => "") },
        { o => o.DirectSocket, Flag },
        { o => o.AdvertiseAddress, TextRules.ReplicaAddress },
        { o => o.TokenKey, new RotatedKeys(TextRules.TokenKey) },
        { o => o.TrustedProxies, new ListOf<string>(TextRules.Network, () => "") },
        { o => o.MaxForwarded, Limit },
    };

    private static readonly Value<TimeSpan> RateWindow = Values.Time(TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(24));

    private static readonly Section<RateLimitOptions> RateLimit = new()
    {
        { o => o.Messages, Limit },
        { o => o.Window, RateWindow },
        { o => o.PerUser, new Section<UserRateOptions> { { o => o.Messages, Limit }, { o => o.Window, RateWindow } } },
        { o => o.Announcements, new Section<AnnouncementRateOptions> { { o => o.Messages, Limit }, { o => o.Window, RateWindow } } },
        { o => o.ConnectionsPerIp, new Section<ConnectionRateOptions> { { o => o.Connections, Limit }, { o => o.Window, RateWindow } } },
        { o => o.ControlFrames, new Section<FrameRateOptions> { { o => o.Frames, Limit }, { o => o.Window, RateWindow } } },
        { o => o.DryRun, Flag },
    };

    private static readonly Section<RawOptions> Raw = new()
    {
        { o => o.Path, TextRules.EndpointPath },
        { o => o.MaxMessageBytes, Values.Whole(128, 16_777_216) },
        { o => o.WriteWait, Wait },
        { o => o.PingPeriod, Wait },
        { o => o.PongWait, Wait },
    };

    private static readonly Section<OutboxOptions> Outbox = new()
    {
        { o => o.Capacity, Values.Whole(1, 65_536) },
        { o => o.MaxBytes, Values.Whole(4_096L, 1_073_741_824L) },
        { o => o.OnFull, OnFull },
    };

    private static readonly Section<RoomPolicyOptions> RoomPolicy = new()
    {
        { o => o.Match, TextRules.RoomPattern },
        { o => o.History, History },
        { o => o.HistoryTtl, HistoryTtl },
        { o => o.Publish, Publish },
        { o => o.OnFull, OnFull },
        { o => o.Echo, Flag },
        { o => o.Presence, Flag },
        { o => o.Announce, Flag },
    };

    private static readonly Section<RoomsOptions> Rooms = new()
    {
        { o => o.AutoJoin, new ListOf<string>(TextRules.RoomName, () => "") },
        { o => o.MaxPerConnection, Values.Whole(1, 100_000) },
        { o => o.MaxPerUser, Limit },
        { o => o.MaxRooms, Limit },
        { o => o.PresenceGrace, Values.Time(TimeSpan.Zero, TimeSpan.FromHours(1)) },
        { o => o.MaxReplay, Values.Whole(0, 1_000_000) },
        { o => o.HistoryMaxBytes, Values.Whole(0L, 1_099_511_627_776L) },
        {
            o => o.Defaults, new Section<RoomDefaults>
            {
                { o => o.History, History },
                { o => o.HistoryTtl, HistoryTtl },
                { o => o.Publish, Publish },
                { o => o.Echo, Flag },
                { o => o.Presence, Flag },
                { o => o.Announce, Flag },
            }
        },
        { o => o.Policies, new ListOf<RoomPolicyOptions>(RoomPolicy, () => new RoomPolicyOptions()) },
        { o => o.Permissions, AuthSchema.Permissions },
    };

    private static readonly Section<CustomMessageOptions> CustomMessage = new()
    {
        { o => o.Publish, Publish },
        { o => o.OnFull, OnFull },
    };

    /// <summary>Declared last, because it uses the sections above.</summary>
    public static Section<GatewayOptions> Root { get; } = new()
    {
        { o => o.Server, Server },
        { o => o.Raw, Raw },
        {
            o => o.SignalR, new Section<SignalROptions>
            {
                { o => o.Path, TextRules.EndpointPath },
                { o => o.ClientTimeout, Wait },
                { o => o.MaxPendingNegotiations, Limit },
                { o => o.MaxPendingNegotiationsPerIp, Limit },
            }, "signalr"
        },
        { o => o.Outbox, Outbox },
        { o => o.Rooms, Rooms },
        {
            o => o.Messages, new Section<MessagesOptions>
            {
                { o => o.RelayUnknown, Flag },
                { o => o.IdempotencyWindow, Values.Time(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)) },
                { o => o.Direct, Values.Choice<DirectReach>() },
                { o => o.DirectRoles, new ListOf<string>(TextRules.Role, () => "") },
                { o => o.Custom, new MapOf<CustomMessageOptions>(TextRules.CustomType, CustomMessage, () => new CustomMessageOptions()) },
            }
        },
        {
            o => o.MetricsStream, new Section<MetricsStreamOptions>
            {
                { o => o.Enabled, Flag },
                { o => o.IntervalMs, Values.Whole(50, 3_600_000) },
            }
        },
        { o => o.Auth, AuthSchema.Auth },
        { o => o.RateLimit, RateLimit },
        {
            o => o.Moderation, new Section<ModerationOptions>
            {
                { o => o.Role, TextRules.Role },
                { o => o.RevocationTtl, Values.Time(TimeSpan.FromMinutes(1), TimeSpan.FromDays(366)) },
            }
        },
        { o => o.Hubs, new MapOf<NamedHubOptions>(TextRules.HubName, HubSchema.Hub(RoomPolicy), () => new NamedHubOptions()) },
        { o => o.Handlers, new ListOf<HandlerOptions>(HubSchema.Handler, () => new HandlerOptions()) },
    };
}
