using System.Diagnostics.CodeAnalysis;
using Gateway.AspNetCore.Domains;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// To the framework all hubs are one. A connection belongs to the hub of the path by which it came in; what server code sends through
/// <c>IHubContext</c> goes to the default hub. (The context of a named one is its own:
/// <c>GatewayDomains["test"].Get&lt;IHubContext&lt;GatewayHub&gt;&gt;()</c>.)
/// </summary>
internal sealed class DomainLifetimeManager<THub>(GatewayDomains hubs) : HubLifetimeManager<THub>
    where THub : Hub
{
    private readonly GatewayHubLifetimeManager<THub> _default = Of(hubs.Default);

    public override Task OnConnectedAsync(HubConnectionContext connection) => Of(connection).OnConnectedAsync(connection);

    public override Task OnDisconnectedAsync(HubConnectionContext connection) => Of(connection).OnDisconnectedAsync(connection);

    public override Task SendAllAsync(string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        _default.SendAllAsync(methodName, args, cancellationToken);

    public override Task SendAllExceptAsync(
        string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default) =>
        _default.SendAllExceptAsync(methodName, args, excludedConnectionIds, cancellationToken);

    public override Task SendConnectionAsync(
        string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        Having(connectionId).SendConnectionAsync(connectionId, methodName, args, cancellationToken);

    public override async Task SendConnectionsAsync(
        IReadOnlyList<string> connectionIds, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        foreach (var ofHub in connectionIds.GroupBy(Having))
            await ofHub.Key.SendConnectionsAsync([.. ofHub], methodName, args, cancellationToken);
    }

    public override Task SendGroupAsync(
        string groupName, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        _default.SendGroupAsync(groupName, methodName, args, cancellationToken);

    public override Task SendGroupsAsync(
        IReadOnlyList<string> groupNames, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        _default.SendGroupsAsync(groupNames, methodName, args, cancellationToken);

    public override Task SendGroupExceptAsync(
        string groupName, string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds,
        CancellationToken cancellationToken = default) =>
        _default.SendGroupExceptAsync(groupName, methodName, args, excludedConnectionIds, cancellationToken);

    public override Task SendUserAsync(string userId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        _default.SendUserAsync(userId, methodName, args, cancellationToken);

    public override Task SendUsersAsync(
        IReadOnlyList<string> userIds, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        _default.SendUsersAsync(userIds, methodName, args, cancellationToken);

    public override Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) =>
        Having(connectionId).AddToGroupAsync(connectionId, groupName, cancellationToken);

    public override Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) =>
        Having(connectionId).RemoveFromGroupAsync(connectionId, groupName, cancellationToken);

    public override Task<T> InvokeConnectionAsync<T>(
        string connectionId, string methodName, object?[] args, CancellationToken cancellationToken) =>
        Having(connectionId).InvokeConnectionAsync<T>(connectionId, methodName, args, cancellationToken);

    public override Task SetConnectionResultAsync(string connectionId, CompletionMessage result) =>
        Having(connectionId).SetConnectionResultAsync(connectionId, result);

    public override bool TryGetReturnType(string invocationId, [NotNullWhen(true)] out Type? type)
    {
        foreach (var hub in hubs.All)
            if (Of(hub).TryGetReturnType(invocationId, out type))
                return true;
        type = null;
        return false;
    }

    private static GatewayHubLifetimeManager<THub> Of(GatewayDomain hub) => hub.Get<GatewayHubLifetimeManager<THub>>();

    /// <summary>Long polling hands on a copy of the request without our features, but with its endpoint.</summary>
    private GatewayHubLifetimeManager<THub> Of(HubConnectionContext connection) =>
        connection.GetHttpContext()?.GetEndpoint()?.Metadata.GetMetadata<GatewayEndpoint>() is { } endpoint
            ? Of(endpoint.Domain)
            : _default;

    /// <summary>The hub that has the connection on this replica; if none has, another replica's default hub may.</summary>
    private GatewayHubLifetimeManager<THub> Having(string connectionId)
    {
        foreach (var hub in hubs.Named)
            if (hub.Connections.Find(connectionId) != null)
                return Of(hub);
        return _default;
    }
}
