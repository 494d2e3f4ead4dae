using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security.Tokens;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The hub's endpoint: what the framework's <c>MapHub</c> maps. Each connection is counted, and the transports that have no WebSocket have
/// the outbox in front of them.
/// </summary>
internal static class GatewayHubEndpoint
{
    public static IEndpointConventionBuilder MapGatewayHub(this IEndpointRouteBuilder endpoints, string path, GatewayDomain hub)
    {
        var time = endpoints.ServiceProvider.GetRequiredService<TimeProvider>();
        var requests = endpoints.ServiceProvider.GetRequiredService<SignalRRequests>();
        var pending = endpoints.ServiceProvider.GetRequiredService<PendingNegotiations>();
        var options = new HttpConnectionDispatcherOptions { WebSockets = { SubProtocolSelector = SubProtocolOf } };
        options.LongPolling.PollTimeout = hub.Options.SignalR.ClientTimeout / 2; // so that a client that is there is heard of in time
        return endpoints.MapConnections(path, options, Build).WithMetadata(new HubMetadata(typeof(GatewayHub)));

        void Build(IConnectionBuilder connections) =>
            connections.Use((connection, next) => HubConnectionCount.RunAsync(connection, next, hub, requests, pending))
                .Use((connection, next) => HubConnectionOutbox.RunAsync(connection, next, hub, time))
                .UseHub<GatewayHub>();
    }

    private static string SubProtocolOf(IList<string> offered) =>
        offered.Contains(RequestToken.SubProtocol) ? RequestToken.SubProtocol : null!;
}
