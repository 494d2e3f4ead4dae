namespace Gateway.AspNetCore.Options;

public sealed class RateLimitOptions
{
    /// <summary>Messages that one connection may send in a window; 0 = no limit.</summary>
    public int Messages { get; set; } = 100;
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
    public UserRateOptions PerUser { get; set; } = new();
    public AnnouncementRateOptions Announcements { get; set; } = new();
    public ConnectionRateOptions ConnectionsPerIp { get; set; } = new();
    public FrameRateOptions ControlFrames { get; set; } = new();

    /// <summary>What is too much is counted, and let through.</summary>
    public bool DryRun { get; set; }
}

public sealed class UserRateOptions
{
    /// <summary>Messages that one user may send in a window, on all its connections and replicas together; 0 = no limit.</summary>
    public int Messages { get; set; }
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

public sealed class AnnouncementRateOptions
{
    /// <summary>How often one user may set a status in a window, on all its connections to one replica; 0 = no limit but the connection's.</summary>
    public int Messages { get; set; } = 20;
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

public sealed class FrameRateOptions
{
    /// <summary>WebSocket frames that are no messages (pings, pongs, empty ones, fragments below 1 KiB) that a connection may send at once; 0 = no limit.</summary>
    public int Frames { get; set; } = 500;

    /// <summary>As many may follow in this time.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

public sealed class ConnectionRateOptions
{
    /// <summary>New connections from one address in a window, on one replica; 0 = no limit.</summary>
    public int Connections { get; set; }
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}
