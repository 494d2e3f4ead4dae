using Gateway.AspNetCore.Lifecycle;
using Gateway.Configuration;
using Gateway.OpenTelemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gateway.Metrics;

/// <summary>
/// The port for operators: metrics and health answer there and nothing else does, and the metrics answer nowhere else. What decides is the port that
/// the connection came in by, which no header can claim.
/// </summary>
internal static class MetricsPort
{
    /// <summary>To stand ahead of everything else that serves requests.</summary>
    /// <param name="port">Asked at every request; 0 as long as it is not known. Null where there is no such port.</param>
    public static IApplicationBuilder UseMetricsPort(this IApplicationBuilder app, Func<int>? port) => port is null ? app : app.MapWhen(
        context => context.Connection.LocalPort is var local and > 0 && local == port(),
        operators =>
        {
            // Routing ahead of us, which WebApplication puts there where nobody else does, may have chosen one of the clients' endpoints already.
            operators.Use(static (context, next) =>
            {
                context.SetEndpoint(null);
                return next(context);
            });
            operators.UseRouting();
            operators.UseEndpoints(static endpoints =>
            {
                endpoints.MapPrometheus();
                endpoints.MapHealth();
            });
        });

    /// <summary>The port as it is configured, or for port 0 as the server took it. The metrics' listener is the last one that the server was given.</summary>
    /// <returns>Null where metrics are off.</returns>
    public static Func<int>? Of(IServer server, MetricsPageOptions options)
    {
        if (!options.Enabled) return null;
        if (options.Port != 0) return () => options.Port;
        var taken = 0; // the same whoever works it out first
        return () => taken != 0 ? taken : taken = LastPort(server);
    }

    private static int LastPort(IServer server) =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses.LastOrDefault() is { } address ? BindingAddress.Parse(address).Port : 0;
}
