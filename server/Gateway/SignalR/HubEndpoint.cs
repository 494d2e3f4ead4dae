using Gateway.AnyReplica;
using Gateway.Hubs;
using Gateway.Security;
using Gateway.Security.Tokens;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.SignalR;

/// <summary>SignalR's endpoint of a hub: as <c>MapHub</c> makes it, and with a look at each connection from its beginning to its end, whatever its transport.</summary>
internal static class HubEndpoint
{
    public static void MapGatewayHub(this IEndpointRouteBuilder endpoints, string path, HubCore hub)
    {
        var requests = endpoints.ServiceProvider.GetRequiredService<HubRequests>();
        var pending = endpoints.ServiceProvider.GetRequiredService<PendingNegotiations>();
        var options = new HttpConnectionDispatcherOptions();
        options.WebSockets.SubProtocolSelector = static offered => offered.Contains(RequestToken.SubProtocol) ? RequestToken.SubProtocol : null!;
        endpoints.MapConnections(path, options, connections => connections.Use(next => connection => RunAsync(connection, hub, requests, pending, next)).UseHub<GatewayHub>())
            .Add(endpoint => endpoint.Metadata.Add(new HubMetadata(typeof(GatewayHub))));
    }

    private static async Task RunAsync(ConnectionContext connection, HubCore hub, HubRequests requests, PendingNegotiations pending, ConnectionDelegate next)
    {
        pending.Begin(connection.ConnectionId);
        var id = connection.GetHttpContext() is { } http ? HubRequests.IdOf(http) : "";
        if (id.Length > 0 && !requests.TryBegin(id, connection.GetHttpContext()!, hub)) return; // which ends it
        try
        {
            await next(connection);
        }
        finally
        {
            if (id.Length > 0) requests.End(id);
        }
    }
}
