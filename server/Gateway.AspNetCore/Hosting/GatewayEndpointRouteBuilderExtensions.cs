using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Frames;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Raw;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.SignalR;
using Gateway.AspNetCore.WebSockets;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the gateway's endpoints into an ASP.NET Core application.</summary>
public static class GatewayEndpointRouteBuilderExtensions
{
    /// <summary>To stand ahead of routing: the gate, the way to the replica that a connection belongs to, the outbox below every WebSocket, the framework's WebSockets.</summary>
    public static IApplicationBuilder UseGateway(this IApplicationBuilder app)
    {
        var gate = app.ApplicationServices.GetRequiredService<ConnectionAdmission>();
        var anyReplica = app.ApplicationServices.GetRequiredService<AnyReplicaMiddleware>();
        var requests = app.ApplicationServices.GetRequiredService<SignalRRequests>();
        var upgrade = app.ApplicationServices.GetRequiredService<OutboxUpgradeMiddleware>();
        var origins = app.ApplicationServices.GetRequiredService<OriginPolicy>();
        app.UseTrustedProxies();
        // Only for browsers: it has a service scope made for the request, which lives as long as the connection.
        app.UseWhen(context => gate.IsForeignPage(context), browsers =>
            browsers.UseCors(cors => cors.SetIsOriginAllowed(origins.IsListed).AllowAnyHeader().AllowAnyMethod().AllowCredentials().SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        app.Use((context, next) => anyReplica.RestoreAsync(context, next));
        app.Use((context, next) => gate.InvokeAsync(context, next));
        app.Use((context, next) => anyReplica.InvokeAsync(context, next));
        app.Use((context, next) => requests.InvokeAsync(context, next));
        app.Use((context, next) => upgrade.InvokeAsync(context, next));
        // Both dialects have keep-alives of their own, so the framework needs no timer for each WebSocket.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        app.Use(AcceptedWebSocket.InstallAsync);
        return app;
    }

    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder endpoints)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<GatewayOptions>();
        foreach (var domain in endpoints.ServiceProvider.GetRequiredService<GatewayDomains>().All)
        {
            endpoints.Map(EndpointRegistry.Below(options.Raw.Path, domain), domain.Get<RawEndpoint>().HandleAsync);
            endpoints.MapGatewayHub(EndpointRegistry.Below(options.SignalR.Path, domain), domain);
        }
        foreach (var path in new[] { options.Raw.Path + "/{hub}", options.SignalR.Path + "/{hub}", options.SignalR.Path + "/{hub}/negotiate" })
            endpoints.Map(path, static context => Refusal.WriteAsync(context, StatusCodes.Status404NotFound, "unknown hub"));
        foreach (var handler in options.Handlers) endpoints.MapHandler(handler);
        return endpoints;
    }
}
