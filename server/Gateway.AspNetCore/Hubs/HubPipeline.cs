using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Hosting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Connections;

namespace Gateway.AspNetCore.Hubs;

/// <summary>What a request to a hub of the application passes in front of the framework's endpoint.</summary>
internal sealed class HubPipeline(AnyReplicaMiddleware anyReplica, OutboxUpgradeMiddleware upgrade, BackplaneRegistration backplane)
{
    /// <summary>Puts the gateway in front of an endpoint, with the same route and metadata.</summary>
    public HubEndpointPolicy.Replacements Replace(RouteEndpoint endpoint, GatewayDomain domain)
    {
        var isNegotiate = endpoint.Metadata.GetMetadata<NegotiateMetadata>() != null;
        var own = GatewayEndpoint.ApplicationHub(domain, isNegotiate ? EndpointKind.Negotiate : EndpointKind.Connect);
        var ofReplicas = isNegotiate
            ? GatewayEndpoint.ApplicationHub(domain, EndpointKind.HandOver)
            : own with { IsForwarded = true };
        // Other replicas sign what they send. They do not have the client's login: the hub's authorization held where it arrived.
        return new HubEndpointPolicy.Replacements(
            Replace(endpoint, own), backplane.IsShared ? Replace(endpoint, ofReplicas, new AllowAnonymousAttribute()) : null);
    }

    private RouteEndpoint Replace(RouteEndpoint endpoint, GatewayEndpoint own, params object[] metadata) => new(
        Build(endpoint.RequestDelegate!, own), endpoint.RoutePattern, endpoint.Order,
        new EndpointMetadataCollection([.. endpoint.Metadata, own, .. metadata]), endpoint.DisplayName);

    private RequestDelegate Build(RequestDelegate inner, GatewayEndpoint own)
    {
        var connect = own.Kind switch
        {
            EndpointKind.Connect => context => upgrade.InvokeAsync(context, own, inner),
            EndpointKind.Negotiate => inner,
            _ => static context => Refusal.WriteAsync(context, StatusCodes.Status404NotFound, "unknown hub"),
        };
        RequestDelegate route = !backplane.IsShared ? connect : context => anyReplica.InvokeAsync(context, own, connect);
        RequestDelegate restore = !backplane.IsShared ? route : context => anyReplica.RestoreAsync(context, route);
        return context =>
        {
            context.Features.Set(own);
            DeclineStatefulReconnect(context);
            return restore(context);
        };
    }

    /// <summary>
    /// The buffer of a stateful reconnect is on one server, and has only what the framework itself writes. A client that does not get it
    /// connects as usual.
    /// </summary>
    private static void DeclineStatefulReconnect(HttpContext context)
    {
        const string Field = "useStatefulReconnect";
        var query = context.Request.Query;
        if (query.ContainsKey(Field))
            context.Request.QueryString = QueryString.Create(
                query.Where(field => !field.Key.Equals(Field, StringComparison.OrdinalIgnoreCase)));
    }
}
