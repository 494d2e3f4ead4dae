namespace Gateway.AspNetCore.Options;

public sealed class RawOptions
{
    public string Path { get; set; } = "/ws";

    /// <summary>128 to 16777216.</summary>
    public int MaxMessageBytes { get; set; } = 32768;
    public TimeSpan WriteWait { get; set; } = TimeSpan.FromSeconds(10);
    public TimeSpan PingPeriod { get; set; } = TimeSpan.FromSeconds(54);

    /// <summary>More than <see cref="PingPeriod"/>.</summary>
    public TimeSpan PongWait { get; set; } = TimeSpan.FromSeconds(60);
}

public sealed class SignalROptions
{
    public string Path { get; set; } = "/hub";

    /// <summary>Silence after which a client counts as gone. Stock clients are never silent for more than 15 s.</summary>
    public TimeSpan ClientTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Negotiations whose connection has not begun yet; 0 = no limit.</summary>
    public int MaxPendingNegotiations { get; set; } = 10_000;

    /// <summary>The same from one IPv4 address or one IPv6 /64; 0 = no limit.</summary>
    public int MaxPendingNegotiationsPerIp { get; set; } = 1_000;
}
