using Gateway.Core.Supervision;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.AspNetCore.Lifecycle;

/// <summary>Reports unhealthy while a load balancer should send no clients to this replica. The description holds the reasons.</summary>
internal sealed class GatewayHealthCheck(ReadinessState readiness) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var reasons = readiness.Reasons;
        return Task.FromResult(
            reasons.Count == 0
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, string.Join("; ", reasons)));
    }
}
