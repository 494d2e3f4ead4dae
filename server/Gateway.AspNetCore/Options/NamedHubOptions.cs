using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

/// <summary>Options for a broadcast domain with its own rooms, presence, limits and metrics.</summary>
/// <remarks>A property that is not set has the value of the default domain.</remarks>
public sealed class NamedHubOptions
{
    /// <summary>
    /// Gets or sets the maximum number of connections, from 0 to 10000000; 0, the default, means no limit but
    /// <see cref="ServerOptions.MaxConnections"/>.
    /// </summary>
    public int MaxConnections { get; set; }

    /// <summary>
    /// Gets or sets the maximum size in bytes of a message from a raw client or a frame, from 128 to 16777216. For SignalR clients,
    /// <see cref="RawOptions.MaxMessageBytes"/> applies in all domains.
    /// </summary>
    public int? MaxMessageBytes { get; set; }

    /// <summary>Gets or sets the rooms that every connection joins. The default is <c>lobby</c>.</summary>
    public IList<string> AutoJoin { get; set; } = ["lobby"];

    /// <summary>Gets or sets the maximum number of rooms of one connection, from 1 to 100000.</summary>
    public int? MaxRoomsPerConnection { get; set; }

    /// <summary>Gets or sets the options for the messages that wait for a connection.</summary>
    public HubOutboxOptions Outbox { get; set; } = new();

    /// <summary>Gets or sets the rate limit of a connection.</summary>
    public HubRateLimitOptions RateLimit { get; set; } = new();

    /// <summary>
    /// Gets or sets the policies of the domain's rooms, which replace <see cref="RoomsOptions.Policies"/>. If empty, the default, those
    /// apply.
    /// </summary>
    public IList<RoomPolicyOptions> Policies { get; set; } = [];

    /// <summary>
    /// Gets or sets whether the domain's metrics are published in its room <c>metrics</c>. The default is <see langword="false"/>.
    /// </summary>
    public bool MetricsStream { get; set; }
}

/// <summary>Outbox options of a domain. A property that is not set has the value of <see cref="OutboxOptions"/>.</summary>
public sealed class HubOutboxOptions
{
    /// <summary>Gets or sets the maximum number of messages that wait for one connection, from 1 to 65536.</summary>
    public int? Capacity { get; set; }

    /// <summary>Gets or sets the maximum number of bytes that wait for one connection, from 4096 to 1073741824.</summary>
    public long? MaxBytes { get; set; }

    /// <summary>Gets or sets what happens when the outbox is full.</summary>
    public SlowConsumerPolicy? OnFull { get; set; }
}

/// <summary>The rate limit of a domain. A property that is not set has the value of <see cref="RateLimitOptions"/>.</summary>
public sealed class HubRateLimitOptions
{
    /// <summary>
    /// Gets or sets the maximum number of messages that one connection may send in a window, from 0 to 10000000; 0 means no limit.
    /// </summary>
    public int? Messages { get; set; }

    /// <summary>Gets or sets the length of the sliding window, from 10 milliseconds to 24 hours.</summary>
    public TimeSpan? Window { get; set; }
}
