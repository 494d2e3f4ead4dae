using Gateway.AspNetCore.Lifecycle;
using Gateway.Configuration;
using Gateway.OpenTelemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gateway.Metrics;

/// <summary>
/// The port for operators serves metrics and health and nothing else, and no other port serves metrics. The port on which the connection
/// arrived decides, which no header can fake.
/// </summary>
internal static class MetricsPort
{
    /// <summary>Serves the metrics port. It must come before all other middleware that serves requests.</summary>
    /// <param name="app">The application.</param>
    /// <param name="port">Returns the port; 0 while it is not known. <c>null</c> if there is no such port.</param>
    public static IApplicationBuilder UseMetricsPort(this IApplicationBuilder app, Func<int>? port) => port is null ? app : app.MapWhen(
        context => context.Connection.LocalPort is var local and > 0 && local == port(),
        operators =>
        {
            // WebApplication may have routed the request to an endpoint for clients already.
            operators.Use(static (context, next) =>
            {
                context.SetEndpoint(null);
                return next(context);
            });
            operators.UseRouting();
            operators.UseEndpoints(static endpoints =>
            {
                endpoints.MapMetricsPage();
                endpoints.MapHealth();
            });
        });

    /// <summary>The configured port; for port 0, the port that the server has taken. The metrics' listener is the last one.</summary>
    /// <returns><c>null</c> if the metrics page is disabled.</returns>
    public static Func<int>? Of(IServer server, MetricsPageOptions options)
    {
        if (!options.Enabled) return null;
        if (options.Port != 0) return () => options.Port;
        var taken = 0; // every request computes the same value
        return () => taken != 0 ? taken : taken = LastPort(server);
    }

    private static int LastPort(IServer server) =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses.LastOrDefault() is { } address ? BindingAddress.Parse(address).Port : 0;
}
