namespace Gateway.AspNetCore.Options;

public sealed class MetricsStreamOptions
{
    public bool Enabled { get; set; } = true;

    /// <summary>50 to 3600000.</summary>
    public int IntervalMs { get; set; } = 1000;
}
