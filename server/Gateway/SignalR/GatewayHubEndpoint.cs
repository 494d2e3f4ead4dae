using Gateway.Hubs;
using Gateway.Security;
using Gateway.Security.Tokens;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.SignalR;

/// <summary>
/// The hub's endpoint: what the framework's <c>MapHub</c> maps, with the outbox in front of the transports that have no WebSocket.
/// </summary>
internal static class GatewayHubEndpoint
{
    public static void MapGatewayHub(this IEndpointRouteBuilder endpoints, string path, HubCore hub)
    {
        var time = endpoints.ServiceProvider.GetRequiredService<TimeProvider>();
        var options = new HttpConnectionDispatcherOptions { WebSockets = { SubProtocolSelector = SubProtocolOf } };
        options.LongPolling.PollTimeout = hub.Options.SignalR.ClientTimeout / 2; // so that a client that is there is heard of in time
        endpoints.MapConnections(path, options, Build).WithMetadata(new HubMetadata(typeof(GatewayHub)));

        void Build(IConnectionBuilder connections) =>
            connections.Use((connection, next) => HubConnectionOutbox.RunAsync(connection, next, hub, time)).UseHub<GatewayHub>();
    }

    private static string SubProtocolOf(IList<string> offered) =>
        offered.Contains(RequestToken.SubProtocol) ? RequestToken.SubProtocol : null!;
}
