using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.SignalR;
using Gateway.AspNetCore.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// Runs the connections of a hub of the application as the framework does, with an outbox between the hub and the transport. So the
/// framework's own writes and the broadcasts have one way out.
/// </summary>
internal sealed class ApplicationHubConnectionHandler<THub>(
    HubDomains domains, HubLifetimeManager<THub> lifetimeManager, IHubProtocolResolver protocols, IOptions<HubOptions> globalOptions,
    IOptions<HubOptions<THub>> options, ILoggerFactory loggers, IUserIdProvider users, IServiceScopeFactory scopes, TimeProvider time)
    : HubConnectionHandler<THub>(lifetimeManager, protocols, globalOptions, options, loggers, users, scopes)
    where THub : Hub
{
    /// <summary>What must be sent before the first broadcast: the handshake response.</summary>
    private const int Handshake = 1;

    private readonly HubDomain _domain = domains.Of(typeof(THub));

    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        var http = connection.GetHttpContext();
        if (http?.Features.Get<ReservedConnectionId>() is { } reserved) connection.ConnectionId = reserved.Value;
        return http?.Features.Get<OutboxUpgrade>() is { } upgrade && IsWebSocket(connection)
            ? HubConnectionOutbox.RunAsync(connection, base.OnConnectedAsync, upgrade)
            : HubConnectionOutbox.RunAsync(connection, base.OnConnectedAsync, _domain.Domain, Handshake, time);
    }

    private static bool IsWebSocket(ConnectionContext connection) =>
        connection.Features.Get<IHttpTransportFeature>()?.TransportType == HttpTransportType.WebSockets;
}
