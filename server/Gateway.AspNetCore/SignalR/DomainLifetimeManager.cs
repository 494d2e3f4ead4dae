using System.Diagnostics.CodeAnalysis;
using Gateway.AspNetCore.Domains;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Routes SignalR's calls to the domains. A connection belongs to the domain of its endpoint. <c>IHubContext</c> sends to the default
/// domain. (A named domain has its own context: <c>GatewayDomains["test"].Get&lt;IHubContext&lt;GatewayHub&gt;&gt;()</c>.)
/// </summary>
internal sealed class DomainLifetimeManager<THub>(GatewayDomains domains) : HubLifetimeManager<THub>
    where THub : Hub
{
    private readonly GatewayHubLifetimeManager<THub> _default = Of(domains.Default);

    public override Task OnConnectedAsync(HubConnectionContext connection) => Of(connection).OnConnectedAsync(connection);

    public override Task OnDisconnectedAsync(HubConnectionContext connection) => Of(connection).OnDisconnectedAsync(connection);

    public override Task SendAllAsync(string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        _default.SendAllAsync(methodName, args, cancellationToken);

    public override Task SendAllExceptAsync(
        string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default) =>
        _default.SendAllExceptAsync(methodName, args, excludedConnectionIds, cancellationToken);

    public override Task SendConnectionAsync(
        string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        ManagerOf(connectionId).SendConnectionAsync(connectionId, methodName, args, cancellationToken);

    public override async Task SendConnectionsAsync(
        IReadOnlyList<string> connectionIds, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        foreach (var group in connectionIds.GroupBy(ManagerOf))
            await group.Key.SendConnectionsAsync([.. group], methodName, args, cancellationToken);
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
        ManagerOf(connectionId).AddToGroupAsync(connectionId, groupName, cancellationToken);

    public override Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) =>
        ManagerOf(connectionId).RemoveFromGroupAsync(connectionId, groupName, cancellationToken);

    public override Task<T> InvokeConnectionAsync<T>(
        string connectionId, string methodName, object?[] args, CancellationToken cancellationToken) =>
        ManagerOf(connectionId).InvokeConnectionAsync<T>(connectionId, methodName, args, cancellationToken);

    public override Task SetConnectionResultAsync(string connectionId, CompletionMessage result) =>
        ManagerOf(connectionId).SetConnectionResultAsync(connectionId, result);

    public override bool TryGetReturnType(string invocationId, [NotNullWhen(true)] out Type? type)
    {
        foreach (var domain in domains.All)
            if (Of(domain).TryGetReturnType(invocationId, out type))
                return true;
        type = null;
        return false;
    }

    private static GatewayHubLifetimeManager<THub> Of(GatewayDomain domain) => domain.Get<GatewayHubLifetimeManager<THub>>();

    /// <summary>Long polling passes a copy of the request, which has the endpoint but not our features.</summary>
    private GatewayHubLifetimeManager<THub> Of(HubConnectionContext connection) =>
        connection.GetHttpContext()?.GetEndpoint()?.Metadata.GetMetadata<GatewayEndpoint>() is { } endpoint
            ? Of(endpoint.Domain)
            : _default;

    /// <summary>The domain with the connection on this replica, or else the default domain, which also reaches other replicas.</summary>
    private GatewayHubLifetimeManager<THub> ManagerOf(string connectionId)
    {
        foreach (var domain in domains.Named)
            if (domain.Connections.Find(connectionId) != null)
                return Of(domain);
        return _default;
    }
}
