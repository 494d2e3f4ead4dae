using System.Diagnostics.CodeAnalysis;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Delivers SignalR's messages through the core. <c>IHubContext</c> reaches raw clients too, on every replica, and a slow client does not
/// delay a broadcast. A SignalR group is a room.
/// </summary>
internal abstract class BroadcastLifetimeManager<THub>(
    ConnectionLifecycle lifecycle, ConnectionTable connections, RoomMembership membership, FanOut fanOut, IBackplane backplane,
    Publisher publisher, HubPayloads payloads, ClientResults results) : HubLifetimeManager<THub>
    where THub : Hub
{
    /// <summary>The audience of <c>Clients.All</c>.</summary>
    protected virtual Audience Everyone => Audience.Everyone;

    /// <summary>Completes when the domain runs.</summary>
    protected virtual Task Started => Task.CompletedTask;

    public override Task SendAllAsync(string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(Everyone, methodName, args, cancellationToken);

    public override Task SendAllExceptAsync(
        string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default) =>
        PublishAsync(Everyone with { Except = excludedConnectionIds }, methodName, args, cancellationToken);

    public override Task SendConnectionAsync(
        string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.Connection(connectionId), methodName, args, cancellationToken);

    public override Task SendConnectionsAsync(
        IReadOnlyList<string> connectionIds, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(connectionIds.Select(Audience.Connection), methodName, args, cancellationToken);

    public override Task SendGroupAsync(
        string groupName, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.Room(RoomOf(groupName)), methodName, args, cancellationToken);

    public override Task SendGroupsAsync(
        IReadOnlyList<string> groupNames, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(groupNames.Select(name => Audience.Room(RoomOf(name))), methodName, args, cancellationToken);

    public override Task SendGroupExceptAsync(
        string groupName, string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds,
        CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.Room(RoomOf(groupName)) with { Except = excludedConnectionIds }, methodName, args, cancellationToken);

    public override Task SendUserAsync(string userId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(Audience.User(userId), methodName, args, cancellationToken);

    public override Task SendUsersAsync(
        IReadOnlyList<string> userIds, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        PublishAsync(userIds.Select(Audience.User), methodName, args, cancellationToken);

    public override async Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        await Started;
        var room = RoomOf(groupName);
        var error = connections.Find(connectionId) is { } local
            ? (await membership.JoinAsync(local, room)).Error
            : await SendCommandAsync(new RemoteCommand(connectionId, RemoteAction.Join, room), cancellationToken);
        // As with the framework's own groups, an unknown connection is not an error.
        if (error != null && error != Error.NoSuchConnection) throw new HubException(error.ToString());
    }

    public override async Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        await Started;
        var room = RoomOf(groupName);
        if (connections.Find(connectionId) is { } local)
        {
            await fanOut.WhenPosted(local); // it still gets what was sent before it leaves
            await membership.LeaveAsync(local, room);
        }
        else
        {
            await SendCommandAsync(new RemoteCommand(connectionId, RemoteAction.Leave, room), cancellationToken);
        }
    }

    public override async Task<T> InvokeConnectionAsync<T>(
        string connectionId, string methodName, object?[] args, CancellationToken cancellationToken)
    {
        await Started;
        var call = payloads.Message(methodName, args);
        if (connections.Find(connectionId) is { } connection) return await results.InvokeAsync<T>(connection, call, cancellationToken);
        var command = new RemoteCommand(connectionId, RemoteAction.Invoke, methodName)
        {
            Arguments = call.Payload,
            IsArgumentList = call.IsArgumentList,
        };
        try
        {
            var result = await backplane.SendCommandAsync(command, cancellationToken);
            return result.Error is { } error ? throw ClientResults.ExceptionOf(connectionId, error) : payloads.Result<T>(result.Value);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw ClientResults.Cancelled();
        }
    }

    public override Task SetConnectionResultAsync(string connectionId, CompletionMessage result)
    {
        results.Complete(connectionId, result);
        return Task.CompletedTask;
    }

    public override bool TryGetReturnType(string invocationId, [NotNullWhen(true)] out Type? type) =>
        results.TryGetReturnType(invocationId, out type);

    /// <summary>What a sender waits for after a message was published.</summary>
    protected virtual ValueTask WhenTakenAsync(Audience audience) => default;

    /// <summary>Returns the room of a group.</summary>
    protected virtual string RoomOf(string group) => group;

    /// <summary>Removes a connection: at once from its rooms, and from the table when its WebSocket has ended.</summary>
    protected async Task DisconnectAsync(HttpContext? http, Connection client)
    {
        if (http?.Features.Get<OutboxUpgrade>() is not { } upgrade)
        {
            await EndAsync(client);
            return;
        }
        // The framework's transport still has to write its close frame and to read the client's. Until then the outbox stays open, with its
        // deadlines.
        upgrade.Ended = () =>
        {
            if (http.Features.Get<AcceptedWebSocket>() is { WebSocket: { } webSocket }) WebSocketEnding.Record(client, webSocket);
            else if (upgrade.IsClosedNormally) client.TrySetEnd(new ConnectionEnd(DisconnectReason.Normal));
            return EndAsync(client);
        };
        await lifecycle.OnClosingAsync(client);
    }

    private async Task EndAsync(Connection client)
    {
        await lifecycle.OnDisconnectedAsync(client);
        results.Abandon(client.Id); // last: a later call for a result does not find the connection
    }

    private async Task<Error?> SendCommandAsync(RemoteCommand command, CancellationToken cancel) =>
        (await backplane.SendCommandAsync(command, cancel)).Error;

    private async Task PublishAsync(Audience audience, string methodName, object?[] args, CancellationToken cancel)
    {
        await Started;
        await publisher.PublishAsync(audience, payloads.Message(methodName, args), cancel: cancel);
        await WhenTakenAsync(audience);
    }

    private async Task PublishAsync(IEnumerable<Audience> audiences, string methodName, object?[] args, CancellationToken cancel)
    {
        await Started;
        var message = payloads.Message(methodName, args);
        var all = audiences.ToList();
        foreach (var audience in all) await publisher.PublishAsync(audience, message, cancel: cancel);
        foreach (var audience in all) await WhenTakenAsync(audience); // the sender waits for a slow one, the other receivers do not
    }
}
