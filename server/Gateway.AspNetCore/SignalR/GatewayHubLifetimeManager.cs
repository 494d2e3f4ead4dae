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
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Delivers SignalR's messages through the core. <c>IHubContext</c> reaches raw clients too, on every replica, and a slow client does not
/// delay a broadcast. A SignalR group is a room.
/// </summary>
internal sealed class GatewayHubLifetimeManager<THub>(
    GatewayOptions options, ConnectionLifecycle lifecycle, ConnectionTable connections, RoomMembership membership, IBackplane backplane,
    Publisher publisher,
    HubPayloads payloads, ClientResults results, AdmissionPolicy admission, CommandRouter router, SignalRRequests requests, RoomTable rooms,
    ConnectionEvents events, TimeProvider time) : HubLifetimeManager<THub>
    where THub : Hub
{
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
            Shard = connections.NextShard(),
            Token = request.Token,
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
        if (await lifecycle.OnConnectedAsync(client, request.Rooms) is { } error)
            client.Close(new CloseReason(1013, error.Text, AllowReconnect: true));
        else if (admission.Check(client) is { } rejection) client.Close(rejection);
    }

    public override async Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        if (connection.Features.Get<Connection>() is not { } client) return;
        var http = connection.GetHttpContext();
        if (http != null) requests.Close(http, client);
        if (http?.Features.Get<OutboxUpgrade>() is not { } upgrade)
        {
            await DisconnectAsync(client);
            return;
        }
        // The framework's transport still has to write its close frame and to read the client's. Until then the outbox stays open, with its
        // deadlines.
        upgrade.Ended = () =>
        {
            WebSocketEnding.Record(client, http.Features.Get<AcceptedWebSocket>()?.WebSocket);
            return DisconnectAsync(client);
        };
        await lifecycle.OnClosingAsync(client);
    }

    private async Task DisconnectAsync(Connection client)
    {
        await lifecycle.OnDisconnectedAsync(client);
        results.Abandon(client.Id); // last: a later call for a result does not find the connection
    }

    public override Task SendAllAsync(string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.Everyone, methodName, args, cancellationToken);

    public override Task SendAllExceptAsync(
        string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.Everyone with { Except = excludedConnectionIds }, methodName, args, cancellationToken);

    public override Task SendConnectionAsync(
        string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.Connection(connectionId), methodName, args, cancellationToken);

    public override Task SendConnectionsAsync(
        IReadOnlyList<string> connectionIds, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(connectionIds.Select(Audience.Connection), methodName, args, cancellationToken);

    public override Task SendGroupAsync(
        string groupName, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.Room(groupName), methodName, args, cancellationToken);

    public override Task SendGroupsAsync(
        IReadOnlyList<string> groupNames, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(groupNames.Select(Audience.Room), methodName, args, cancellationToken);

    public override Task SendGroupExceptAsync(
        string groupName, string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds,
        CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.Room(groupName) with { Except = excludedConnectionIds }, methodName, args, cancellationToken);

    public override Task SendUserAsync(string userId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.User(userId), methodName, args, cancellationToken);

    public override Task SendUsersAsync(
        IReadOnlyList<string> userIds, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(userIds.Select(Audience.User), methodName, args, cancellationToken);

    public override async Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        var refused = connections.Find(connectionId) is { } local
            ? (await membership.JoinAsync(local, groupName)).Error
            : await backplane.InstructAsync(new RemoteCommand(connectionId, groupName, Enter: true), cancellationToken);
        // As with the framework's own groups, an unknown connection is not an error.
        if (refused != null && refused != Error.NoSuchConnection) throw new HubException(refused.ToString());
    }

    public override async Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        if (connections.Find(connectionId) is { } local) await membership.LeaveAsync(local, groupName);
        else await backplane.InstructAsync(new RemoteCommand(connectionId, groupName, Enter: false), cancellationToken);
    }

    public override Task<T> InvokeConnectionAsync<T>(
        string connectionId, string methodName, object?[] args, CancellationToken cancellationToken) =>
        results.InvokeAsync<T>(connectionId, methodName, args, cancellationToken);

    public override Task SetConnectionResultAsync(string connectionId, CompletionMessage result)
    {
        results.Complete(connectionId, result);
        return Task.CompletedTask;
    }

    public override bool TryGetReturnType(string invocationId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Type? type) =>
        results.TryGetReturnType(invocationId, out type);

    private async Task PublishAsync(Audience audience, string methodName, object?[] args, CancellationToken cancel) =>
        await publisher.PublishAsync(audience, payloads.Message(methodName, args), cancel: cancel);

    private async Task PublishAsync(IEnumerable<Audience> audiences, string methodName, object?[] args, CancellationToken cancel)
    {
        var message = payloads.Message(methodName, args);
        foreach (var audience in audiences) await publisher.PublishAsync(audience, message, cancel: cancel);
    }
}
