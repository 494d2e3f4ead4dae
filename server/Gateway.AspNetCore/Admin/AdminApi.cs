using Gateway.AspNetCore.Options;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.AspNetCore.Admin;

/// <summary>
/// The API for servers and operators, below <c>/api/v1</c>: there as soon as it has a key, on the clients' port or on its own. What decides is the port that the connection came in by,
/// which no header can claim.
/// </summary>
internal static class AdminApi
{
    public const string Root = "/api/v1";

    public static IServiceCollection AddAdminApi(this IServiceCollection services, AdminOptions options)
    {
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<ApiKey>(p, options));
        services.AddSingleton<MessageRequest>();
        services.TryAddSingleton(p => new ShownOptions(p.GetRequiredService<GatewayOptions>()));
        services.ConfigureHttpJsonOptions(static json => AdminJson.Configure(json.SerializerOptions));
        services.AddAdminDocument();
        return services;
    }

    /// <summary>To stand ahead of everything else that serves requests.</summary>
    public static IApplicationBuilder UseAdminApi(this IApplicationBuilder app, AdminOptions options, int port = 0)
    {
        if (options.ApiKey.Count == 0) return app;
        var key = app.ApplicationServices.GetRequiredService<ApiKey>();
        return app.MapWhen(
            context => port == 0 ? context.Request.Path.StartsWithSegments(Root) : context.Connection.LocalPort == port,
            admin =>
            {
                // Routing ahead of us, which WebApplication puts there where nobody else does, may have chosen one of the clients' endpoints already.
                admin.Use(static (context, next) =>
                {
                    context.SetEndpoint(null);
                    return next(context);
                });
                admin.Use(Problems.CatchAsync);
                admin.Use(key.CheckAsync);
                admin.UseRouting();
                admin.Use(EncodedPath.DecodeAsync);
                admin.Use(RequestDomain.SelectAsync);
                admin.UseEndpoints(Map);
            });
    }

    private static void Map(IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup(Root).ProducesProblem(StatusCodes.Status401Unauthorized);
        MessageEndpoints.Map(api);
        RoomEndpoints.Map(api);
        ConnectionEndpoints.Map(api);
        UserEndpoints.Map(api);
        ClusterEndpoints.Map(api);
        endpoints.MapAdminDocument();
    }
}
