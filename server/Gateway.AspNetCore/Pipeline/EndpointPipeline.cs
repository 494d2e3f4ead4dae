using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.SignalR;
using Gateway.AspNetCore.WebSockets;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.Pipeline;

/// <summary>
/// What a request to one of the gateway's endpoints passes before the endpoint itself. It belongs to the endpoint, so it holds wherever the
/// endpoint is mapped, and no other request of the application passes it. Authentication and authorization of the application come before
/// it.
/// </summary>
internal static class EndpointPipeline
{
    private const string CannotUpgrade =
        "this server cannot upgrade a connection to a WebSocket. With TestServer, use server-sent events or long polling, "
        + "or let WebApplicationFactory use Kestrel";

    private static readonly TimeSpan PreflightMaxAge = TimeSpan.FromMinutes(10);

    /// <summary>Puts the pipeline in front of the endpoints that <paramref name="mapped"/> builds.</summary>
    public static IEndpointConventionBuilder Guard(
        this IEndpointConventionBuilder mapped, IEndpointRouteBuilder endpoints, GatewayEndpoint endpoint)
    {
        mapped.Add(builder =>
        {
            var own = builder.Metadata.OfType<NegotiateMetadata>().Any() ? endpoint with { Kind = EndpointKind.Negotiate } : endpoint;
            builder.Metadata.Add(own);
            if (builder.RequestDelegate is { } inner) builder.RequestDelegate = Build(endpoints, own, inner);
        });
        return mapped;
    }

    private static RequestDelegate Build(IEndpointRouteBuilder endpoints, GatewayEndpoint endpoint, RequestDelegate inner)
    {
        var app = endpoints.CreateApplicationBuilder();
        var services = app.ApplicationServices;
        var admission = services.GetRequiredService<ConnectionAdmission>();
        var anyReplica = services.GetRequiredService<AnyReplicaMiddleware>();
        app.UseTrustedProxies();
        if (!endpoint.IsHandOver) UseCors(app, services.GetRequiredService<OriginPolicy>());
        app.Use((context, next) =>
        {
            context.Features.Set(endpoint);
            return next(context);
        });
        if (endpoint.IsForwarded) app.Use(ForwardedEndpoint.RequireAsync);
        if (endpoint.IsSignalR) app.Use((context, next) => anyReplica.RestoreAsync(context, next));
        if (!endpoint.IsHandOver) app.Use((context, next) => admission.InvokeAsync(context, endpoint, next));
        if (endpoint.IsSignalR)
        {
            var requests = services.GetRequiredService<SignalRRequests>();
            app.Use((context, next) => anyReplica.InvokeAsync(context, endpoint, next));
            app.Use((context, next) => requests.InvokeAsync(context, endpoint, next));
        }
        if (endpoint.Kind == EndpointKind.Connect) UseWebSockets(app, endpoint);
        app.Run(inner);
        return app.Build();
    }

    /// <summary>Only for browsers: it has a service scope made for the request, which lives as long as the connection.</summary>
    private static void UseCors(IApplicationBuilder app, OriginPolicy origins) => app.UseWhen(
        context => context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && origins.IsListed(origin),
        browsers => browsers.UseCors(cors =>
            cors.SetIsOriginAllowed(origins.IsListed).AllowAnyHeader().AllowAnyMethod().AllowCredentials()
                .SetPreflightMaxAge(PreflightMaxAge)));

    /// <summary>TestServer makes WebSockets without a connection below, so there is nothing to put the outbox on.</summary>
    private static bool CanUpgrade(HttpContext context) =>
        context.Features.Get<IHttpWebSocketFeature>() is not { IsWebSocketRequest: true }
        || context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };

    /// <summary>
    /// The outbox under the framework's WebSocket. The application may have WebSockets of its own, with a keep-alive: both dialects bring
    /// theirs, so here the framework needs no timer for each.
    /// </summary>
    private static void UseWebSockets(IApplicationBuilder app, GatewayEndpoint endpoint)
    {
        var upgrade = app.ApplicationServices.GetRequiredService<OutboxUpgradeMiddleware>();
        app.Use((context, next) =>
        {
            if (!CanUpgrade(context)) return Refusal.WriteAsync(context, StatusCodes.Status501NotImplemented, CannotUpgrade);
            context.Features.Set<IHttpWebSocketFeature>(null);
            return upgrade.InvokeAsync(context, endpoint, next);
        });
        app.UseWebSockets(new Microsoft.AspNetCore.Builder.WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        app.Use(AcceptedWebSocket.InstallAsync);
    }
}
