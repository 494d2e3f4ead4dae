using System.Diagnostics.CodeAnalysis;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Hubs;
using Gateway.AspNetCore.Pipeline;
using Microsoft.AspNetCore.SignalR;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps raw WebSocket clients to the application's own hubs.</summary>
public static class RawHubEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a WebSocket endpoint whose clients need no SignalR library. They call the methods of the hub with
    /// <c>{"type":"Method","payload":[…],"id":1}</c> and get what the hub sends as <c>{"type":target,"payload":argument}</c>. Requires
    /// <c>AddSignalR().AddGateway()</c>. Origins, limits and tokens are checked as on the gateway's other endpoints, after the
    /// application's own authentication and authorization.
    /// </summary>
    /// <typeparam name="THub">The hub. <c>MapHub</c> maps its SignalR clients, in the same groups.</typeparam>
    /// <param name="endpoints">The route builder.</param>
    /// <param name="pattern">The path of the endpoint.</param>
    /// <returns>A builder for conventions such as <c>RequireAuthorization</c>. Attributes of the hub class apply too.</returns>
    /// <exception cref="InvalidOperationException"><c>AddSignalR().AddGateway()</c> was not called, or an endpoint of the gateway is mapped
    /// at this path already.</exception>
    public static IEndpointConventionBuilder MapRawHub<THub>(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern)
        where THub : Hub
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var services = endpoints.ServiceProvider;
        if (services.GetService<HubDomains>() is not { } domains || !IsOnGateway<THub>(services))
            throw new InvalidOperationException(
                $"MapRawHub<{typeof(THub).Name}> needs the gateway under the application's hubs. Call "
                + "builder.Services.AddSignalR().AddGateway() before the application is built.");
        var domain = domains.Of(typeof(THub)).Domain;
        EndpointPaths.Claim(endpoints, pattern);
        var mapped = endpoints.Map(pattern, new RawHubEndpoint<THub>(services, domain).HandleAsync);
        var attributes = typeof(THub).GetCustomAttributes(inherit: true);
        mapped.Add(builder =>
        {
            // As MapHub does: what is on the class, such as [Authorize], holds for the endpoint.
            foreach (var attribute in attributes) builder.Metadata.Add(attribute);
            builder.Metadata.Add(new HubMetadata(typeof(THub)));
        });
        return mapped.Guard(endpoints, GatewayEndpoint.Raw(domain) with { HasRooms = false });
    }

    private static bool IsOnGateway<THub>(IServiceProvider services)
        where THub : Hub =>
        services.GetService<HubLifetimeManager<THub>>() is ApplicationHubLifetimeManager<THub>;
}
