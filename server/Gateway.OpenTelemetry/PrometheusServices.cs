using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Gateway.OpenTelemetry;

/// <summary>The metrics page: <c>AddGatewayMetrics</c>, <c>MapPrometheus</c>.</summary>
public static class PrometheusServices
{
    /// <summary>SignalR has no meter of its own: its connections are measured by <c>Http.Connections</c>, whatever their transport.</summary>
    private static readonly string[] Meters =
    [
        GatewayMeter.Name,
        "System.Runtime",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Microsoft.AspNetCore.Http.Connections",
    ];

    /// <summary>Collects from the host's start to its end what the gateway, the framework and the runtime measure.</summary>
    /// <param name="moreMeters">Names of the application's own meters; <c>*</c> stands for any text.</param>
    public static IServiceCollection AddGatewayMetrics(this IServiceCollection services, params string[] moreMeters)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Scraper>();
        services.AddSingleton<MeterProvider>(provider => Sdk.CreateMeterProviderBuilder()
            .AddMeter([.. Meters, .. moreMeters])
            .AddView(instrument => IsOfAnotherHost(instrument, provider.GetService<IMeterFactory>()) ? MetricStreamConfiguration.Drop : null)
            .AddReader(provider.GetRequiredService<Scraper>().CreateReader())
            .Build());
        services.AddHostedService<MeterProviderStartup>();
        return services;
    }

    /// <summary>
    /// Hosts that share a process have framework meters of the same names. The SDK would add them up, and stop them all when the first host ends.
    /// A meter from a host's factory has that factory as its scope; one without a scope is everybody's.
    /// </summary>
    private static bool IsOfAnotherHost(Instrument instrument, IMeterFactory? own) => instrument.Meter.Scope is IMeterFactory factory && !ReferenceEquals(factory, own);

    /// <summary>Serves the page in Prometheus' text format 0.0.4; 503 where it cannot be made in time.</summary>
    public static IEndpointConventionBuilder MapPrometheus(this IEndpointRouteBuilder endpoints, string pattern = "/metrics")
    {
        var scraper = endpoints.ServiceProvider.GetService<Scraper>()
            ?? throw new InvalidOperationException("There are no metrics to map: call services.AddGatewayMetrics() first.");
        return endpoints.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], context => ServeAsync(context, scraper))
            .DisableHttpMetrics(); // a scrape should not show in what it shows
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
