using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Connects the SignalR clients of the gateway's own hub: their user and rooms come from the request, and the limits apply.
/// </summary>
internal sealed class GatewayHubLifetimeManager<THub>(
    GatewayOptions options, ConnectionLifecycle lifecycle, ConnectionTable connections, RoomMembership membership, FanOut fanOut,
    IBackplane backplane, Publisher publisher, HubPayloads payloads, ClientResults results, AdmissionPolicy admission,
    CommandRouter router, SignalRRequests requests, RoomTable rooms, ConnectionEvents events, TimeProvider time)
    : BroadcastLifetimeManager<THub>(lifecycle, connections, membership, fanOut, backplane, publisher, payloads, results)
    where THub : Hub
{
    private readonly ConnectionLifecycle _lifecycle = lifecycle;
    private readonly ConnectionTable _connections = connections;

    public override async Task OnConnectedAsync(HubConnectionContext connection)
    {
        var http = connection.GetHttpContext()
            ?? throw new InvalidOperationException("The hub connection has no HTTP request. Map the hub with MapGateway.");
        if (http.Features.Get<ReservedConnectionId>() is { } reserved)
            connection.Features.Get<IConnectionIdFeature>()!.ConnectionId = reserved.Value;
        // Long polling passes a copy of the request without our features. Its query was checked on admission.
        var request = http.Features.Get<ConnectRequest>() ?? ConnectRequest.Read(http, options, rooms.Permissions).Request
            ?? throw new InvalidOperationException("The hub was not mapped by MapGateway. Map it with MapGateway.");
        var outbox = http.Features.Get<OutboxUpgrade>()?.Outbox ?? connection.Features.Get<HubConnectionOutbox>()?.For(connection)
            ?? throw new InvalidOperationException("The hub was not mapped by MapGateway. Map it with MapGateway.");
        var client = new Connection(connection.ConnectionId, request.User!, Dialect.SignalR, outbox, events, time)
        {
            RemoteAddress = http.Connection.RemoteIpAddress?.ToString(),
            Shard = _connections.NextShard(),
            Token = request.Token,
            ReturnsResults = true,
            SilenceLimit = options.SignalR.ClientTimeout, // a poll counts as a heartbeat, and lasts at most half of it
        };
        connection.UserIdentifier = client.User.Id;
        connection.Features.Set(client);
        connection.Features.Set(router); // the router of this domain, for the hub's methods
        if (!requests.Open(http, client)) throw new HubException(Error.Unauthorized.ToString());
        router.Expect(client);
        if (connection.Protocol is not RateLimitedProtocol rateLimited)
            throw new InvalidOperationException(
                "HubConnectionHandler<GatewayHub> was replaced after AddGateway, so rate limits would not apply. Do not register "
                + "another one.");
        rateLimited.Attach(client, router);
        if (await _lifecycle.OnConnectedAsync(client, request.Rooms) is { } error)
            client.Close(new CloseReason(1013, error.Text, AllowReconnect: true));
        else if (admission.Check(client) is { } rejection) client.Close(rejection);
    }

    public override async Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        if (connection.Features.Get<Connection>() is not { } client) return;
        var http = connection.GetHttpContext();
        if (http != null) requests.Close(http, client);
        await DisconnectAsync(http, client);
    }
}
