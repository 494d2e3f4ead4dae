namespace Gateway.AspNetCore.MetricsStream;

/// <summary>
/// Provides the metrics that the gateway publishes in the room <c>metrics</c>. Register your own implementation to replace the built-in
/// one.
/// </summary>
public interface IMetricsSource
{
    /// <summary>Reads the current metrics. Called once per interval, never concurrently.</summary>
    /// <param name="cancel">Cancelled when the gateway stops.</param>
    /// <returns>The payload of the message. It is serialized with property names in snake_case.</returns>
    ValueTask<object> ReadAsync(CancellationToken cancel);
}
