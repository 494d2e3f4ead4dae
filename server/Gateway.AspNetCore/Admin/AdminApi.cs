using Gateway.AspNetCore.Options;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.AspNetCore.Admin;

/// <summary>The HTTP API for servers and operators, below <c>/api/v1</c>: its services, endpoints and middleware.</summary>
internal static class AdminApi
{
    public const string Root = "/api/v1";

    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<ApiKey>();
        services.TryAddSingleton<MessageRequest>();
        services.TryAddSingleton(p => new ShownOptions(p.GetRequiredService<GatewayOptions>()));
    }

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup(Root).ProducesProblem(StatusCodes.Status401Unauthorized);
        MessageEndpoints.Map(api);
        RoomEndpoints.Map(api);
        ConnectionEndpoints.Map(api);
        UserEndpoints.Map(api);
        ClusterEndpoints.Map(api);
        return api;
    }

    /// <summary>Adds the checks of the API to an endpoint.</summary>
    public static RequestDelegate Guard(IApplicationBuilder app, RequestDelegate endpoint)
    {
        UseChecks(app);
        app.Run(endpoint);
        return app.Build();
    }

    /// <summary>
    /// Adds the API to the program. Every path below <c>/api/v1</c> needs the key, known or not, and the API may have a port of its own.
    /// The port is that of the connection, which no header can forge. Place it before everything else that serves requests.
    /// </summary>
    /// <param name="port">The port of the API. 0 for the clients' port.</param>
    public static IApplicationBuilder UseAdminApi(this IApplicationBuilder app, int port) =>
        app.MapWhen(
            context => port == 0 ? context.Request.Path.StartsWithSegments(Root) : context.Connection.LocalPort == port,
            admin =>
            {
                // WebApplication may have added routing before this, which may already have chosen one of the clients' endpoints.
                admin.Use(static (context, next) =>
                {
                    context.SetEndpoint(null);
                    return next(context);
                });
                UseChecks(admin, route: static routed => routed.UseRouting());
                admin.UseEndpoints(static endpoints =>
                {
                    Map(endpoints);
                    endpoints.MapAdminDocument();
                });
            });

    /// <summary>
    /// Adds the middleware of the API in its order. The key is checked before a path is known or not, the rest needs the endpoint.
    /// </summary>
    /// <param name="route">Chooses the endpoint, if it is not chosen yet.</param>
    private static void UseChecks(IApplicationBuilder app, Action<IApplicationBuilder>? route = null)
    {
        app.Use(Problems.CatchAsync);
        app.Use(app.ApplicationServices.GetRequiredService<ApiKey>().CheckAsync);
        route?.Invoke(app);
        app.Use(EncodedPath.DecodeAsync);
        app.Use(RequestDomain.SelectAsync);
    }
}
