using Gateway.AspNetCore.Domains;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.Admin;

/// <summary>
/// Which hub a request is about: <c>?hub=NAME</c>, or the default one. The endpoints ask for the core's services, and get those of that
/// hub.
/// </summary>
internal static class RequestDomain
{
    public const string Parameter = "hub";

    /// <summary>To stand ahead of the endpoints.</summary>
    public static Task SelectAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Query[Parameter].ToString() is not { Length: > 0 } name) return next(context);
        var hubs = context.RequestServices.GetRequiredService<GatewayDomains>();
        if (hubs.Find(name) is not { } hub)
            return Problems.Of(StatusCodes.Status404NotFound, $"there is no hub {name}; {Known(hubs)}").ExecuteAsync(context);
        context.Features.Set<IServiceProvidersFeature>(new HubServicesFeature(new HubRequestServices(hub, context.RequestServices)));
        return next(context);
    }

    /// <summary>Did the request name a hub?</summary>
    public static bool IsGiven(HttpContext context) => context.Request.Query.ContainsKey(Parameter);

    private static string Known(GatewayDomains hubs) =>
        hubs.Named.Count == 0
            ? "the configuration names none"
            : "known: " + string.Join(", ", hubs.Named.Select(h => h.Name).Order(StringComparer.Ordinal));

    private sealed class HubServicesFeature(IServiceProvider services) : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices { get; set; } = services;
    }

    /// <summary>The gateway's own services are the hub's, those of the framework the application's.</summary>
    private sealed class HubRequestServices(GatewayDomain hub, IServiceProvider application) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType.Namespace?.StartsWith("Gateway.", StringComparison.Ordinal) == true && hub.TryGet(serviceType) is { } own
                ? own
                : application.GetService(serviceType);
    }
}
