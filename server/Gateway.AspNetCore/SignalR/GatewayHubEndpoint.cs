using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security.Tokens;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Maps the hub as the framework's <c>MapHub</c> does. It also counts connections, and puts an outbox in front of the transports without a
/// WebSocket.
/// </summary>
internal static class GatewayHubEndpoint
{
    public static IEndpointConventionBuilder MapGatewayHub(this IEndpointRouteBuilder endpoints, string path, GatewayDomain domain)
    {
        var time = endpoints.ServiceProvider.GetRequiredService<TimeProvider>();
        var requests = endpoints.ServiceProvider.GetRequiredService<SignalRRequests>();
        var pending = endpoints.ServiceProvider.GetRequiredService<PendingNegotiations>();
        var options = new HttpConnectionDispatcherOptions { WebSockets = { SubProtocolSelector = SubProtocolOf } };
        options.LongPolling.PollTimeout = domain.Options.SignalR.ClientTimeout / 2; // so a connected client polls again in time
        return endpoints.MapConnections(path, options, Build).WithMetadata(new HubMetadata(typeof(GatewayHub)));

        void Build(IConnectionBuilder connections) =>
            connections.Use((connection, next) => HubConnectionCount.RunAsync(connection, next, domain, requests, pending))
                .Use((connection, next) => HubConnectionOutbox.RunAsync(connection, next, domain, time))
                .UseHub<GatewayHub>();
    }

    private static string SubProtocolOf(IList<string> offered) =>
        offered.Contains(RequestToken.SubProtocol) ? RequestToken.SubProtocol : null!;
}
