namespace Gateway.AspNetCore.Options;

/// <summary>Options for rate limits.</summary>
public sealed class RateLimitOptions
{
    /// <summary>
    /// Gets or sets the maximum number of messages that one connection may send in a window; 0 means no limit. The default is 100.
    /// </summary>
    public int Messages { get; set; } = 100;

    /// <summary>Gets or sets the length of the sliding window, from 10 milliseconds to 24 hours. The default is 10 seconds.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets the message rate limit of a user.</summary>
    public UserRateOptions PerUser { get; set; } = new();

    /// <summary>Gets or sets the limit for the status changes of a user.</summary>
    public AnnouncementRateOptions Announcements { get; set; } = new();

    /// <summary>Gets or sets the limit for new connections from one address.</summary>
    public ConnectionRateOptions ConnectionsPerIp { get; set; } = new();

    /// <summary>Gets or sets the limit for WebSocket frames that are not messages.</summary>
    public FrameRateOptions ControlFrames { get; set; } = new();

    /// <summary>Gets or sets whether exceeded limits are only counted, and not enforced. The default is <see langword="false"/>.</summary>
    public bool DryRun { get; set; }
}

/// <summary>Options for the message rate limit of a user.</summary>
public sealed class UserRateOptions
{
    /// <summary>
    /// Gets or sets the maximum number of messages that one user may send in a window, on all connections and replicas together; 0, the
    /// default, means no limit.
    /// </summary>
    public int Messages { get; set; }

    /// <summary>Gets or sets the length of the sliding window, from 10 milliseconds to 24 hours. The default is 10 seconds.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Options for the limit on status changes.</summary>
public sealed class AnnouncementRateOptions
{
    /// <summary>
    /// Gets or sets how often one user may change its status in a window, on all its connections to one replica; 0 means no limit but the
    /// connection's. The default is 20.
    /// </summary>
    public int Messages { get; set; } = 20;

    /// <summary>Gets or sets the length of the sliding window, from 10 milliseconds to 24 hours. The default is 10 seconds.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Options for the limit on WebSocket frames that are not messages.</summary>
public sealed class FrameRateOptions
{
    /// <summary>
    /// Gets or sets how many pings, pongs, empty frames and fragments below 1 KiB a connection may send at once; 0 means no limit. The
    /// default is 500.
    /// </summary>
    public int Frames { get; set; } = 500;

    /// <summary>
    /// Gets or sets the time in which a connection may send that many frames again, from 10 milliseconds to 24 hours. The default is 10
    /// seconds.
    /// </summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Options for the limit on new connections from one address.</summary>
public sealed class ConnectionRateOptions
{
    /// <summary>
    /// Gets or sets the maximum number of new connections from one address (IPv6: one /64 network) in a window, on one replica; 0, the
    /// default, means no limit.
    /// </summary>
    public int Connections { get; set; }

    /// <summary>Gets or sets the length of the sliding window, from 10 milliseconds to 24 hours. The default is 10 seconds.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}
