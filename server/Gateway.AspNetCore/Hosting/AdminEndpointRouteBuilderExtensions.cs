using Gateway.AspNetCore.Admin;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the HTTP API for servers and operators.</summary>
public static class AdminEndpointRouteBuilderExtensions
{
    /// <summary>Maps the HTTP API below <c>/api/v1</c>. Every request needs the key in the header <c>X-Api-Key</c>.</summary>
    /// <returns>For conventions such as <c>RequireHost</c>, which hold for all of its endpoints.</returns>
    /// <exception cref="InvalidOperationException"><c>AddAdminApi</c> was not called.</exception>
    public static IEndpointConventionBuilder MapGatewayAdminApi(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (endpoints.ServiceProvider.GetService<AdminOptions>() == null)
            throw new InvalidOperationException(
                "The admin API's services are missing. Call AddGateway().AddAdminApi(…) before the application is built.");
        var api = AdminApi.Map(endpoints);
        ((IEndpointConventionBuilder)api).Add(builder =>
        {
            if (builder.RequestDelegate is { } endpoint)
                builder.RequestDelegate = AdminApi.Guard(endpoints.CreateApplicationBuilder(), endpoint);
        });
        return api;
    }
}
