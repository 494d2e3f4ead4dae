namespace Gateway.AspNetCore.MetricsStream;

/// <summary>Where the live metrics stream gets its figures. Register another one to replace the built-in.</summary>
public interface IMetricsSource
{
    /// <summary>Called once a tick, never twice at a time. The result is serialised as the payload, its names in snake_case.</summary>
    ValueTask<object> ReadAsync(CancellationToken cancel);
}
