using Gateway.Core.Configuration;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

/// <summary>The configuration keys of domains and handlers.</summary>
internal static class HubSchema
{
    public static Section<HandlerOptions> Handler { get; } = new()
    {
        { o => o.Path, TextRules.EndpointPath },
        { o => o.Handler, Values.Choice<BuiltInHandler>() },
        { o => o.Hub, TextRules.HubNameOrNone },
        { o => o.Echo, Values.Flag },
        { o => o.Interval, Values.Time(TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)) },
    };

    public static Section<NamedHubOptions> Hub(Section<RoomPolicyOptions> roomPolicy) => new()
    {
        { o => o.MaxConnections, Values.Whole(0, 10_000_000) },
        { o => o.MaxMessageBytes, Values.Whole(128, 16_777_216) },
        { o => o.AutoJoin, new ListOf<string>(TextRules.RoomName, () => "") },
        { o => o.MaxRoomsPerConnection, Values.Whole(1, 100_000) },
        {
            o => o.Outbox, new Section<HubOutboxOptions>
            {
                { o => o.Capacity, Values.Whole(1, 65_536) },
                { o => o.MaxBytes, Values.Whole(4_096L, 1_073_741_824L) },
                { o => o.OnFull, Values.Choice<SlowConsumerPolicy>() },
            }
        },
        {
            o => o.RateLimit, new Section<HubRateLimitOptions>
            {
                { o => o.Messages, Values.Whole(0, 10_000_000) },
                { o => o.Window, Values.Time(TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(24)) },
            }
        },
        { o => o.Policies, new ListOf<RoomPolicyOptions>(roomPolicy, () => new RoomPolicyOptions()) },
        { o => o.MetricsStream, Values.Flag },
    };
}
