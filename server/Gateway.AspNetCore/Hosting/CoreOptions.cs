using Gateway.AspNetCore.Options;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Limits;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Hosting;

/// <summary>The options in the core's own terms: what a policy leaves open is filled in.</summary>
internal static class CoreOptions
{
    public static RoomPolicies RoomPolicies(GatewayOptions options)
    {
        var byDefault = Policy(new RoomPolicyOptions(), options);
        var policies = options.Rooms.Policies.Select(p => (p.Match, Policy(p, options)));
        var permissions = options.Rooms.Permissions.Select(p =>
            new RoomRule(p.Match, [.. p.Join], [.. p.Publish], [.. p.History], [.. p.Presence]));
        return new RoomPolicies(byDefault, [(RoomName.Relay, Relay(options)), .. policies])
        {
            Permissions = new RoomPermissions([.. permissions]),
        };
    }

    public static MembershipLimits MembershipLimits(GatewayOptions options) =>
        new(options.Rooms.MaxPerConnection, options.Rooms.MaxReplay)
        {
            MaxPerUser = options.Rooms.MaxPerUser,
            MaxRooms = options.Rooms.MaxRooms,
        };

    public static BackplaneSettings Backplane(GatewayOptions options) =>
        new(
            options.Messages.IdempotencyWindow, options.Rooms.PresenceGrace,
            options.RateLimit.PerUser.Messages, options.RateLimit.PerUser.Window);

    public static FanOutPolicies FanOutPolicies(GatewayOptions options) => new(
        options.Outbox.OnFull,
        options.Messages.Custom.Where(c => c.Value.OnFull != null)
            .ToDictionary(c => c.Key, c => c.Value.OnFull!.Value, MessageType.Comparer));

    /// <exception cref="InvalidOperationException">A type cannot be one: a program that sets options itself learns it at the start, as the
    /// configuration's errors are.</exception>
    public static CustomTypes CustomTypes(GatewayOptions options)
    {
        var seen = new HashSet<string>(MessageType.Comparer);
        foreach (var type in options.Messages.Custom.Keys)
        {
            if (MessageType.Check(type) is { } malformed)
                throw new InvalidOperationException($"messages.custom: '{type}' is no type: {malformed.Text}");
            if (MessageType.FindBuiltIn(type) is { } builtIn)
                throw new InvalidOperationException($"messages.custom: '{type}' is the gateway's own type {builtIn}");
            if (!seen.Add(type))
                throw new InvalidOperationException($"messages.custom: '{type}' appears twice, as types are compared without case");
        }
        var types = options.Messages.Custom.Select(c => (c.Key, c.Value.Publish == PublishRight.Members));
        return new([.. types], options.Messages.RelayUnknown);
    }

    /// <param name="quotas">Where the rate of users is limited.</param>
    public static MessageRateLimiter RateLimiter(GatewayOptions options, IUserQuotas? quotas, Supervisor supervisor, TimeProvider time)
    {
        var limit = options.RateLimit;
        return new MessageRateLimiter(limit.Messages, limit.Window, time)
        {
            PerUser = quotas == null ? null : new UserRateLimit(limit.PerUser.Messages, limit.PerUser.Window, quotas),
            Announcements = limit.Announcements.Messages == 0
                ? null
                : new SlidingWindows<string>(
                    limit.Announcements.Messages, limit.Announcements.Window, supervisor, time, StringComparer.Ordinal),
            DryRun = limit.DryRun,
        };
    }

    /// <summary>Numbered, so that replicas agree on the order; not kept.</summary>
    private static RoomPolicy Relay(GatewayOptions options) =>
        new(ClientsPublish: false, Echo: true, Presence: false, Announce: false, options.Outbox.OnFull, Retention.None);

    private static RoomPolicy Policy(RoomPolicyOptions policy, GatewayOptions options)
    {
        var defaults = options.Rooms.Defaults;
        return new RoomPolicy(
            ClientsPublish: (policy.Publish ?? defaults.Publish) == PublishRight.Members,
            Echo: policy.Echo ?? defaults.Echo,
            Presence: policy.Presence ?? defaults.Presence,
            Announce: policy.Announce ?? defaults.Announce,
            OnFull: policy.OnFull ?? options.Outbox.OnFull,
            History: new Retention(policy.History ?? defaults.History, policy.HistoryTtl ?? defaults.HistoryTtl));
    }
}
