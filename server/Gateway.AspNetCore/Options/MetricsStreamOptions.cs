namespace Gateway.AspNetCore.Options;

/// <summary>
/// Options for the live metrics that the gateway publishes: those of each replica in the room <c>metrics</c>, the sums of all replicas in
/// <c>metrics:cluster</c>.
/// </summary>
public sealed class MetricsStreamOptions
{
    /// <summary>Gets or sets whether the gateway publishes metrics. The default is <see langword="true"/>.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets the interval in milliseconds, from 50 to 3600000. The default is 1000.</summary>
    public int IntervalMs { get; set; } = 1000;
}
