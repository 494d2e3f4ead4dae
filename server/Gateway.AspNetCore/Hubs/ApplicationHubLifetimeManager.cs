using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.SignalR;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// Puts a hub of the application on the core, in a broadcast domain of its own. Nothing else of the hub changes: the framework runs its
/// methods and writes its results.
/// </summary>
internal sealed class ApplicationHubLifetimeManager<THub> : BroadcastLifetimeManager<THub>
    where THub : Hub
{
    private readonly HubDomain _domain;
    private readonly TimeProvider _time;

    public ApplicationHubLifetimeManager(
        HubDomains domains, HubPayloads payloads, IOptions<HubOptions> global, IOptions<HubOptions<THub>> options, TimeProvider time)
        : this(domains.Of(typeof(THub)), payloads, options.Value.SupportedProtocols ?? global.Value.SupportedProtocols, time)
    {
    }

    /// <param name="protocols">A hub without options of its own has those of all hubs.</param>
    private ApplicationHubLifetimeManager(HubDomain hub, HubPayloads payloads, IList<string>? protocols, TimeProvider time)
        : base(
            hub.Domain.Lifecycle, hub.Domain.Connections, hub.Domain.Get<RoomMembership>(), hub.Domain.Get<FanOut>(),
            hub.Domain.Get<IBackplane>(),
            hub.Domain.Get<Publisher>(), payloads, hub.Domain.Get<ClientResults>())
    {
        (_domain, _time) = (hub, time);
        var other = protocols?.FirstOrDefault(protocol => !protocol.Equals("json", StringComparison.OrdinalIgnoreCase));
        if (other != null)
            throw new NotSupportedException(
                $"The hub {typeof(THub)} supports the protocol {other}, but hubs on the gateway speak json only. "
                + $"Remove the protocol, or set HubOptions<{typeof(THub).Name}>.SupportedProtocols to [\"json\"].");
    }

    /// <summary>A room of its own: as the groups', its messages keep their order, and are not lost while the backplane is away.</summary>
    protected override Audience Everyone { get; } = Audience.Room(HubRooms.Everyone);

    protected override Task Started => _domain.Started;

    public override async Task OnConnectedAsync(HubConnectionContext connection)
    {
        await Started;
        var domain = _domain.Domain;
        var raw = connection.Features.Get<RawHubConnection>();
        var transport = connection.Features.Get<HubConnectionOutbox>();
        var outbox = raw?.Outbox ?? transport?.For(connection) ?? OutboxOfBare(connection);
        var dialect = raw == null ? Dialect.SignalR : Dialect.Raw;
        var client = new Connection(connection.ConnectionId, UserOf(connection), dialect, outbox, domain.Get<ConnectionEvents>(), _time)
        {
            RemoteAddress = connection.GetHttpContext()?.Connection.RemoteIpAddress?.ToString(),
            Shard = domain.Connections.NextShard(),
            Token = raw?.Token,
            ReturnsResults = true,
        };
        connection.Features.Set(client);
        if (transport != null) transport.Broadcasts = Broadcasts;
        raw?.Attach(client, Broadcasts);
        if (await domain.Lifecycle.OnConnectedAsync(client, []) is { } error) throw new HubException(error.ToString());
        await domain.Get<RoomMembership>().JoinUncheckedAsync(client, HubRooms.Everyone);
        if (raw != null && domain.Get<AdmissionPolicy>().Check(client) is { } rejection) client.Close(rejection);

        Task Broadcasts() => domain.Get<FanOut>().WhenPosted(client);
    }

    public override Task OnDisconnectedAsync(HubConnectionContext connection) =>
        connection.Features.Get<Connection>() is { } client
            // The endpoint of a raw client waits for its WebSocket itself.
            ? DisconnectAsync(connection.Features.Get<RawHubConnection>() == null ? connection.GetHttpContext() : null, client)
            : Task.CompletedTask;

    /// <summary>As without the gateway, who sends to one client waits for it if it has much to read.</summary>
    protected override ValueTask WhenTakenAsync(Audience audience) => _domain.Domain.Get<FanOut>().WaitForReceiversAsync(audience);

    protected override string RoomOf(string group) => HubRooms.Of(group);

    private Outbox OutboxOfBare(HubConnectionContext connection) =>
        connection.GetHttpContext() == null
            ? new Outbox(new BareConnectionSink(connection), _domain.Domain.Limits, corks: 0, _time)
            : throw new InvalidOperationException(
                $"HubConnectionHandler<{typeof(THub).Name}> was replaced after AddGateway. Do not register another one.");

    private static UserIdentity UserOf(HubConnectionContext connection) =>
        new(connection.UserIdentifier ?? "", connection.User.Identity?.Name ?? "");
}
