using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Lifecycle;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: a balancer should send clients here; if not, 503 and the reasons, a line
/// each.
/// </summary>
internal static class HealthEndpoints
{
    public const string Root = "/health";
    public const string Live = Root + "/live";
    public const string Ready = Root + "/ready";

    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder endpoints)
    {
        var readiness = endpoints.ServiceProvider.GetRequiredService<ReadinessState>();
        Map(endpoints, Live, static () => (StatusCodes.Status200OK, "live"));
        Map(endpoints, Ready, () => readiness.Reasons is { Count: > 0 } reasons
            ? (StatusCodes.Status503ServiceUnavailable, string.Join('\n', reasons))
            : (StatusCodes.Status200OK, "ready"));
        return endpoints;
    }

    /// <summary>Probes come all the time: they are kept out of the figures about requests.</summary>
    private static void Map(IEndpointRouteBuilder endpoints, string path, Func<(int Status, string Text)> answer) =>
        endpoints.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], context =>
        {
            var (status, text) = answer();
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.Headers.CacheControl = "no-store";
            return context.Response.WriteAsync(text, context.RequestAborted);
        }).DisableHttpMetrics();
}
