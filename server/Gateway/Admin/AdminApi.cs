using Gateway.Configuration;
using Gateway.Core.Cluster;
using Gateway.Core.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gateway.Admin;

/// <summary>
/// The API for servers and operators, below <c>/api/v1</c>: there as soon as it has a key, on the clients' port or on its own. What decides is the port that the connection came in by,
/// which no header can claim.
/// </summary>
internal static class AdminApi
{
    public const string Root = "/api/v1";

    public static IServiceCollection AddAdminApi(this IServiceCollection services, AdminOptions options)
    {
        services.AddSingleton(p => new ApiKey(options.ApiKey, p.GetRequiredService<GatewayMeter>()));
        services.AddSingleton<MessageRequest>();
        services.ConfigureHttpJsonOptions(static json => AdminJson.Configure(json.SerializerOptions));
        services.AddAdminDocument();
        return services;
    }

    /// <summary>To stand ahead of everything else that serves requests.</summary>
    public static IApplicationBuilder UseAdminApi(this IApplicationBuilder app, AdminOptions options)
    {
        if (options.ApiKey.Length == 0) return app;
        var port = PortOf(app.ApplicationServices.GetRequiredService<IServer>(), options);
        var key = app.ApplicationServices.GetRequiredService<ApiKey>();
        return app.MapWhen(
            context => port == null ? context.Request.Path.StartsWithSegments(Root) : context.Connection.LocalPort is var local and > 0 && local == port(),
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

    /// <returns>Null where it is the clients' port. For port 0 as the server took it: ours is the second listener that it was given.</returns>
    private static Func<int>? PortOf(IServer server, AdminOptions options)
    {
        if (options.Port is not { } port) return null;
        if (port != 0) return () => port;
        var taken = 0; // the same whoever works it out first
        return () => taken != 0 ? taken
            : server.Features.Get<IServerAddressesFeature>()?.Addresses.ElementAtOrDefault(1) is { } address ? taken = BindingAddress.Parse(address).Port : 0;
    }
}
