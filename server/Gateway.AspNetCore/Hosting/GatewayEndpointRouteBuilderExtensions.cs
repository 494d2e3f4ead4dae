using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Frames;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Pipeline;
using Gateway.AspNetCore.Raw;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.SignalR;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the gateway's endpoints into an ASP.NET Core application.</summary>
public static class GatewayEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the endpoints of both dialects for every domain, and the built-in handlers of the options. Origins, limits, tokens and bans are
    /// checked in front of each endpoint, after the application's own authentication and authorization.
    /// </summary>
    /// <returns>For conventions such as <c>RequireAuthorization</c>, <c>RequireHost</c> and <c>RequireRateLimiting</c>, which hold for all
    /// of these endpoints.</returns>
    /// <exception cref="InvalidOperationException"><c>AddGateway</c> was not called, or an endpoint of the gateway is mapped at one of the
    /// paths already.</exception>
    public static IEndpointConventionBuilder MapGateway(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var domains = endpoints.ServiceProvider.GetService<GatewayDomains>()
            ?? throw new InvalidOperationException(
                "The gateway's services are missing. Call builder.Services.AddGateway() before the application is built.");
        var options = endpoints.ServiceProvider.GetRequiredService<GatewayOptions>();
        // The endpoints are built with the first request. Its counters are there before that.
        endpoints.ServiceProvider.GetRequiredService<AnyReplicaMiddleware>();
        var mapped = new List<IEndpointConventionBuilder>();
        foreach (var domain in domains.All)
        {
            mapped.Add(MapRaw(endpoints, EndpointPaths.Below(options.Raw.Path, domain), domain));
            mapped.Add(MapSignalR(endpoints, EndpointPaths.Below(options.SignalR.Path, domain), domain));
        }
        string[] unknown = [options.Raw.Path + "/{hub}", options.SignalR.Path + "/{hub}", options.SignalR.Path + "/{hub}/negotiate"];
        foreach (var path in unknown)
            mapped.Add(endpoints.Map(path, static context => Refusal.WriteAsync(context, StatusCodes.Status404NotFound, "unknown hub")));
        foreach (var handler in options.Handlers) mapped.Add(endpoints.MapHandler(handler));
        return new EndpointConventions(mapped);
    }

    private static IEndpointConventionBuilder MapRaw(IEndpointRouteBuilder endpoints, string path, GatewayDomain domain)
    {
        EndpointPaths.Claim(endpoints, path);
        return endpoints.Map(path, domain.Get<RawEndpoint>().HandleAsync).Guard(endpoints, GatewayEndpoint.Raw(domain));
    }

    private static IEndpointConventionBuilder MapSignalR(IEndpointRouteBuilder endpoints, string path, GatewayDomain domain)
    {
        EndpointPaths.Claim(endpoints, path);
        // Other replicas sign what they send there. They have neither the client's login nor its host name, so its conventions do not
        // apply.
        var handOver = GatewayEndpoint.SignalR(domain, EndpointKind.HandOver);
        endpoints.MapHandOver(path, handOver.HandOverPath).Guard(endpoints, handOver).AllowAnonymous();
        var forwarded = GatewayEndpoint.SignalR(domain) with { IsForwarded = true };
        endpoints.MapGatewayHub(path + forwarded.ForwardedPath, domain).Guard(endpoints, forwarded).AllowAnonymous();
        return endpoints.MapGatewayHub(path, domain).Guard(endpoints, GatewayEndpoint.SignalR(domain));
    }
}
