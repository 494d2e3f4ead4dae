using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Lifecycle;

/// <summary>
/// Maps <c>/health/live</c>, which returns 200 while the process runs, and <c>/health/ready</c>, which returns 200 while a load balancer
/// should send clients, or else 503 with one reason per line.
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

    /// <summary>Maps a probe. Probes are frequent, so the HTTP metrics do not count them.</summary>
    private static void Map(IEndpointRouteBuilder endpoints, string path, Func<(int Status, string Text)> read) =>
        endpoints.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], context =>
        {
            var (status, text) = read();
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.Headers.CacheControl = "no-store";
            return context.Response.WriteAsync(text, context.RequestAborted);
        }).DisableHttpMetrics();
}
