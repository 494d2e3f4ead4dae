using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

/// <summary>A hub of its own: its own rooms, users present, limits and figures. What is not set is as in the default hub.</summary>
public sealed class NamedHubOptions
{
    /// <summary>0 = no limit but the server's.</summary>
    public int MaxConnections { get; set; }

    /// <summary>Of raw clients and of frames, 128 to 16777216. (SignalR has one limit for all hubs.)</summary>
    public int? MaxMessageBytes { get; set; }
    public IList<string> AutoJoin { get; set; } = ["lobby"];

    /// <summary>1 to 100000.</summary>
    public int? MaxRoomsPerConnection { get; set; }
    public HubOutboxOptions Outbox { get; set; } = new();
    public HubRateLimitOptions RateLimit { get; set; } = new();

    /// <summary>In place of <see cref="RoomsOptions.Policies"/>; empty: those.</summary>
    public IList<RoomPolicyOptions> Policies { get; set; } = [];

    /// <summary>The hub's own figures for its own room <c>metrics</c>.</summary>
    public bool MetricsStream { get; set; }
}

/// <summary>What is not set is taken from <see cref="OutboxOptions"/>.</summary>
public sealed class HubOutboxOptions
{
    public int? Capacity { get; set; }
    public long? MaxBytes { get; set; }
    public SlowConsumerPolicy? OnFull { get; set; }
}

/// <summary>What is not set is taken from <see cref="RateLimitOptions"/>.</summary>
public sealed class HubRateLimitOptions
{
    public int? Messages { get; set; }
    public TimeSpan? Window { get; set; }
}
