using Gateway.AnyReplica;
using Gateway.Configuration;
using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Limits;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Frames;
using Gateway.Hubs;
using Gateway.Lifecycle;
using Gateway.Metrics;
using Gateway.Raw;
using Gateway.Redis;
using Gateway.Redis.Cluster;
using Gateway.Redis.Limits;
using Gateway.Redis.Moderation;
using Gateway.Redis.Presence;
using Gateway.Security;
using Gateway.Security.Tokens;
using Gateway.SignalR;
using Gateway.Tls;
using Gateway.WebSockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway;

/// <summary>The gateway in anyone's ASP.NET Core application: <c>AddGateway</c>, <c>UseGateway</c>, <c>MapGateway</c>.</summary>
public static class GatewayServices
{
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(ReplicaId.New());
        services.AddSingleton<ReadinessState>();
        AddCore(services, options);
        AddBackplane(services, options);
        AddSanctions(services, options);
        services.AddSingleton<OriginPolicy>(_ => new OriginPolicy(options.Server));
        services.AddTokens();
        services.AddSingleton<ArrivalRate>();
        services.AddSingleton<ConnectionQuota>();
        services.AddSingleton<ConnectGate>();
        services.AddSingleton<ServerCertificate>();
        services.AddHostedService<CertificateReload>();
        services.AddAnyReplica(options);
        if (options.Redis.Enabled) services.AddHostedService<SharedKey>();
        services.AddSingleton<OutboxUpgradeMiddleware>();
        services.AddSingleton<FirstMessage>();
        AddSignalR(services, options);
        AddDialects(services);
        HubServices.AddHubs(services);
        services.AddSingleton<HubLifetimeManager<GatewayHub>, HubSelector<GatewayHub>>(); // in front of the default hub's own
        services.TryAddSingleton<IMetricsSource, GatewayMetricsSource>();
        services.AddHostedService<CoreStart>();
        services.AddHostedService<MetricsBroadcaster>();
        services.AddHostedService<Goodbye>();
        services.AddHostedService<QuietCollector>();
        if (options.Server.DirectSocket) services.Configure<SocketTransportOptions>(DirectSocket.Configure);
        return services;
    }

    /// <summary>To stand ahead of routing: the gate, the way to the replica that a connection belongs to, the outbox below every WebSocket, the framework's WebSockets.</summary>
    public static IApplicationBuilder UseGateway(this IApplicationBuilder app)
    {
        var gate = app.ApplicationServices.GetRequiredService<ConnectGate>();
        var anyReplica = app.ApplicationServices.GetRequiredService<AnyReplicaMiddleware>();
        var hubRequests = app.ApplicationServices.GetRequiredService<HubRequests>();
        var upgrade = app.ApplicationServices.GetRequiredService<OutboxUpgradeMiddleware>();
        var origins = app.ApplicationServices.GetRequiredService<OriginPolicy>();
        app.UseTrustedProxies();
        // Only for browsers: it has a service scope made for the request, which lives as long as the connection.
        app.UseWhen(context => gate.IsForeignPage(context), browsers =>
            browsers.UseCors(cors => cors.SetIsOriginAllowed(origins.IsListed).AllowAnyHeader().AllowAnyMethod().AllowCredentials().SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        app.Use((context, next) => anyReplica.RestoreAsync(context, next));
        app.Use((context, next) => gate.InvokeAsync(context, next));
        app.Use((context, next) => anyReplica.InvokeAsync(context, next));
        app.Use((context, next) => hubRequests.InvokeAsync(context, next));
        app.Use((context, next) => upgrade.InvokeAsync(context, next));
        // Both dialects have keep-alives of their own, so the framework needs no timer for each WebSocket.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        app.Use(AcceptedWebSocket.InstallAsync);
        return app;
    }

    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder endpoints)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<GatewayOptions>();
        foreach (var hub in endpoints.ServiceProvider.GetRequiredService<HubCores>().All)
        {
            endpoints.Map(Doors.Below(options.Raw.Path, hub), hub.Get<RawEndpoint>().HandleAsync);
            endpoints.MapGatewayHub(Doors.Below(options.SignalR.Path, hub), hub);
        }
        foreach (var path in new[] { options.Raw.Path + "/{hub}", options.SignalR.Path + "/{hub}", options.SignalR.Path + "/{hub}/negotiate" })
            endpoints.Map(path, static context => Refusal.WriteAsync(context, StatusCodes.Status404NotFound, "unknown hub"));
        foreach (var handler in options.Handlers) endpoints.MapHandler(handler);
        return endpoints;
    }

    /// <summary>Once for each hub, as the two below.</summary>
    internal static void AddCore(IServiceCollection services, GatewayOptions options)
    {
        var shards = Math.Clamp(Environment.ProcessorCount, 1, 8);
        services.AddSingleton(new OutboxLimits(options.Outbox.Capacity, options.Outbox.MaxBytes));
        services.AddSingleton<GatewayMeter>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<Supervisor>(p, p.GetRequiredService<GatewayMeter>().LoopFaults));
        services.AddSingleton<ConnectionEvents>();
        services.AddSingleton(new ConnectionTable(shards));
        services.AddSingleton(new RoomTable(CoreOptions.RoomPolicies(options), shards));
        services.AddSingleton(CoreOptions.FanOutPolicies(options));
        services.AddSingleton(new FanOutBounds(shards, BatchMessages: Math.Clamp(options.Outbox.Capacity / 2, 1, 128)));
        services.AddSingleton<LagRecovery>();
        services.AddSingleton<FanOut>();
        services.AddSingleton<Publisher>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<OwnReplica>(p, p.GetRequiredService<ReplicaId>().Value));
        services.AddSingleton<Attendance>();
        services.AddSingleton(new MembershipLimits(options.Rooms.MaxPerConnection, options.Rooms.MaxReplay) { MaxPerUser = options.Rooms.MaxPerUser, MaxRooms = options.Rooms.MaxRooms });
        services.AddSingleton<RoomAdmission>();
        services.AddSingleton<RoomMembership>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<Reception>(p, p.GetRequiredService<ReplicaId>().Value));
        services.AddSingleton<BackplaneReceiver>();
        services.AddSingleton(CoreOptions.CustomTypes(options));
        services.AddSingleton(p => CoreOptions.RateLimit(options, p.GetService<IUserBudgets>(), p.GetRequiredService<Supervisor>(), p.GetRequiredService<TimeProvider>()));
        AddModeration(services, options);
        services.AddSingleton(new DirectRule(options.Messages.Direct, [.. options.Messages.DirectRoles]));
        services.AddSingleton<DirectRights>();
        services.AddSingleton<CommandRouter>();
        services.AddSingleton<FrameLimit>();
        services.AddSingleton(new Deadlines(options.Raw.WriteWait, options.Raw.PingPeriod, options.Raw.PongWait));
        services.AddSingleton<DeadlineSweep>();
    }

    internal static void AddBackplane(IServiceCollection services, GatewayOptions options)
    {
        if (!options.Redis.Enabled)
        {
            services.AddSingleton(new InProcessMemory(options.Messages.IdempotencyWindow, options.Rooms.HistoryMaxBytes));
            services.AddSingleton<IBackplane, InProcessBackplane>();
            services.AddSingleton<IRoster>(p => InProcessRoster(p, options.Rooms.PresenceGrace));
            services.AddSingleton<IReplicas, SingleReplica>();
            services.AddSingleton<ICluster, InProcessCluster>();
            services.AddSingleton<IRequestKeys>(p => ActivatorUtilities.CreateInstance<InProcessRequestKeys>(p, options.Messages.IdempotencyWindow));
            if (options.RateLimit.PerUser is { Messages: > 0 } own)
                services.AddSingleton<IUserBudgets>(p => ActivatorUtilities.CreateInstance<InProcessUserBudgets>(p, own.Messages, own.Window));
            return;
        }
        services.AddSingleton(new RedisKeys(options.Redis.Prefix));
        services.AddSingleton<RedisServers>();
        services.AddSingleton<RedisInstructions>();
        services.AddSingleton<RedisCounts>();
        services.AddSingleton<FeedEvents>();
        services.AddSingleton<RedisBackplane>();
        services.AddSingleton<IBackplane>(p => p.GetRequiredService<RedisBackplane>());
        services.AddHostedService<RedisStart>();
        services.AddHostedService<RoomQuota>();
        services.AddSingleton<RedisPresence>();
        services.AddHostedService(p => p.GetRequiredService<RedisPresence>());
        services.AddSingleton<IRoster, RedisRoster>();
        services.AddSingleton<IReplicas, RedisReplicas>();
        services.AddSingleton<RedisCluster>();
        services.AddSingleton<ICluster>(p => p.GetRequiredService<RedisCluster>());
        services.AddHostedService(p => p.GetRequiredService<RedisCluster>());
        services.AddSingleton<IRequestKeys>(p => ActivatorUtilities.CreateInstance<RedisRequestKeys>(p, options.Messages.IdempotencyWindow));
        if (options.RateLimit.PerUser is { Messages: > 0 } shared)
            services.AddSingleton<IUserBudgets>(p => ActivatorUtilities.CreateInstance<RedisUserBudgets>(p, shared.Messages, shared.Window));
    }

    /// <summary>Once for all hubs.</summary>
    private static void AddSanctions(IServiceCollection services, GatewayOptions options)
    {
        if (!options.Redis.Enabled)
        {
            services.AddSingleton<ISanctions, InProcessSanctions>();
            return;
        }
        services.AddSingleton<RedisSanctions>();
        services.AddSingleton<ISanctions>(p => p.GetRequiredService<RedisSanctions>());
        services.AddHostedService(p => p.GetRequiredService<RedisSanctions>());
    }

    private static void AddModeration(IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton<LocalReplica>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<Doorkeeper>(p, options.Server.MaxConnectionsPerUser));
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<Moderator>(p, options.Moderation.Role, options.Moderation.RevocationTtl));
    }

    private static InProcessRoster InProcessRoster(IServiceProvider services, TimeSpan grace)
    {
        var publisher = services.GetRequiredService<Publisher>();
        Announce announce = publisher.AnnounceAsync;
        return ActivatorUtilities.CreateInstance<InProcessRoster>(services, announce, grace);
    }

    internal static void AddDialects(IServiceCollection services)
    {
        services.AddSingleton<RawEndpoint>();
        services.AddSingleton<ClientResults>();
        services.AddSingleton<GatewayHubLifetimeManager<GatewayHub>>();
        services.AddSingleton<HubLifetimeManager<GatewayHub>>(p => p.GetRequiredService<GatewayHubLifetimeManager<GatewayHub>>());
    }

    private static void AddSignalR(IServiceCollection services, GatewayOptions options)
    {
        services.AddCors();
        services.AddSignalR().AddHubOptions<GatewayHub>(hub =>
        {
            hub.MaximumReceiveMessageSize = options.Raw.MaxMessageBytes;
            hub.ClientTimeoutInterval = options.SignalR.ClientTimeout; // the framework's, from the first ping on; ours runs from the start
            hub.EnableDetailedErrors = false;
            hub.MaximumParallelInvocationsPerClient = 1; // as with raw clients: while a call is carried out, what comes after it waits with the client
        });
        services.AddSingleton<IHubProtocol, ClearJsonProtocol>(); // of two protocols with one name the last counts
        services.AddSingleton<IHubProtocolResolver, CountedProtocols>();
        services.AddSingleton<HubDoor>();
        services.AddSingleton<HubPayloads>();
        services.AddSingleton<InvocationIds>();
    }
}
