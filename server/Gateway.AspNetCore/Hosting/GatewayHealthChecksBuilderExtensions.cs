using Gateway.AspNetCore.Lifecycle;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The gateway among the application's health checks.</summary>
public static class GatewayHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a readiness check: unhealthy while the backplane is away or the gateway shuts down. It does not belong into a liveness probe.
    /// </summary>
    public static IHealthChecksBuilder AddGateway(
        this IHealthChecksBuilder builder, string name = "gateway", IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<GatewayHealthCheck>(name, failureStatus: null, tags: tags ?? ["ready"]);
    }
}
