using Gateway.AspNetCore.Domains;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.Admin;

/// <summary>
/// Selects the domain of a request: <c>?hub=NAME</c>, or the default one. The endpoints then get the services of that domain.
/// </summary>
internal static class RequestDomain
{
    public const string Parameter = "hub";

    /// <summary>Middleware. Place it before the endpoints.</summary>
    public static Task SelectAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Query[Parameter].ToString() is not { Length: > 0 } name) return next(context);
        var domains = context.RequestServices.GetRequiredService<GatewayDomains>();
        if (domains.Find(name) is not { } domain)
            return Problems.Of(StatusCodes.Status404NotFound, $"there is no hub {name}; {Known(domains)}").ExecuteAsync(context);
        context.Features.Set<IServiceProvidersFeature>(
            new DomainServicesFeature(new DomainRequestServices(domain, context.RequestServices)));
        return next(context);
    }

    /// <summary>Returns whether the request names a domain.</summary>
    public static bool IsGiven(HttpContext context) => context.Request.Query.ContainsKey(Parameter);

    private static string Known(GatewayDomains domains) =>
        domains.Named.Count == 0
            ? "the configuration names none"
            : "known: " + string.Join(", ", domains.Named.Select(h => h.Name).Order(StringComparer.Ordinal));

    private sealed class DomainServicesFeature(IServiceProvider services) : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices { get; set; } = services;
    }

    /// <summary>Resolves the gateway's services from the domain, and other services from the application.</summary>
    private sealed class DomainRequestServices(GatewayDomain domain, IServiceProvider application) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType.Namespace?.StartsWith("Gateway.", StringComparison.Ordinal) == true && domain.TryGet(serviceType) is { } own
                ? own
                : application.GetService(serviceType);
    }
}
