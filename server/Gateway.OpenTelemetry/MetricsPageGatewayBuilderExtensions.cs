using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Hosting;
using Gateway.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Extension methods that add the metrics page to a gateway.</summary>
public static class MetricsPageGatewayBuilderExtensions
{
    /// <summary>SignalR has no meter of its own: <c>Http.Connections</c> measures its connections, whatever their transport.</summary>
    private static readonly string[] Meters =
    [
        GatewayMeter.Name,
        "System.Runtime",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Microsoft.AspNetCore.Http.Connections",
    ];

    /// <summary>
    /// Collects the metrics of the gateway, ASP.NET Core and the runtime for the page that <c>MapMetricsPage</c> serves.
    /// </summary>
    /// <param name="builder">The gateway to add the page to.</param>
    /// <param name="meters">The names of more meters, such as those of the application; <c>*</c> stands for any text.</param>
    /// <returns>The same builder.</returns>
    public static IGatewayBuilder AddMetricsPage(this IGatewayBuilder builder, params string[] meters)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(meters);
        builder.Services.AddMetricsPage(meters);
        return builder;
    }

    internal static void AddMetricsPage(this IServiceCollection services, string[] meters)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Scraper>();
        services.AddSingleton<MeterProvider>(provider => Sdk.CreateMeterProviderBuilder()
            .AddMeter([.. Meters, .. meters])
            .AddView(instrument =>
                IsOfAnotherHost(instrument, provider.GetService<IMeterFactory>()) ? MetricStreamConfiguration.Drop : null)
            .AddReader(provider.GetRequiredService<Scraper>().CreateReader())
            .Build());
        services.AddHostedService<MeterProviderStartup>();
    }

    /// <summary>
    /// Hosts that share a process have framework meters of the same names. The SDK would add up their values, and stop all of them when the
    /// first host ends. The scope of a host's meter is the host's meter factory; a meter without a scope belongs to all hosts.
    /// </summary>
    private static bool IsOfAnotherHost(Instrument instrument, IMeterFactory? own) =>
        instrument.Meter.Scope is IMeterFactory factory && !ReferenceEquals(factory, own);
}
