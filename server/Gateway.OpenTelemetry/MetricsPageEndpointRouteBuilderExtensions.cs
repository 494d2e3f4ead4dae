using Gateway.OpenTelemetry;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Extension methods that map the metrics page.</summary>
public static class MetricsPageEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the metrics page in Prometheus' text format 0.0.4. It responds with 503 if the metrics cannot be collected within 5 seconds.
    /// </summary>
    /// <remarks>Everyone who can reach the page can read it. Restrict it with <c>RequireAuthorization</c> or <c>RequireHost</c>.</remarks>
    /// <param name="endpoints">The route builder.</param>
    /// <param name="pattern">The path of the page.</param>
    /// <returns>A builder for further conventions.</returns>
    /// <exception cref="InvalidOperationException"><c>AddMetricsPage</c> was not called.</exception>
    public static IEndpointConventionBuilder MapMetricsPage(this IEndpointRouteBuilder endpoints, string pattern = "/metrics")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var scraper = endpoints.ServiceProvider.GetService<Scraper>()
            ?? throw new InvalidOperationException(
                "No metrics are collected: call AddMetricsPage() on the builder that AddGateway() returns.");
        return endpoints.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], context => ServeAsync(context, scraper))
            .DisableHttpMetrics(); // a scrape must not count itself
    }

    private static async Task ServeAsync(HttpContext context, Scraper scraper)
    {
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        if (await scraper.ScrapeAsync(context.RequestAborted) is not { } page)
        {
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        response.ContentType = PrometheusWriter.ContentType;
        response.ContentLength = page.Length;
        await response.Body.WriteAsync(page, context.RequestAborted);
    }
}
