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
        AddRestrictions(services, options);
        services.AddSingleton<OriginPolicy>(_ => new OriginPolicy(options.Server));
        services.AddTokens();
        services.AddSingleton<ConnectionRateLimiter>();
        services.AddSingleton<ConnectionQuota>();
        services.AddSingleton<ConnectionAdmission>();
        services.AddSingleton<ServerCertificate>();
        services.AddHostedService<CertificateReload>();
        services.AddAnyReplica(options);
        if (options.Redis.Enabled) services.AddHostedService<SharedReplicaKey>();
        services.AddSingleton<OutboxUpgradeMiddleware>();
        services.AddSingleton<FirstMessageAuthentication>();
        AddSignalR(services, options);
        AddDialects(services);
        DomainServices.AddHubs(services);
        services.AddSingleton<HubLifetimeManager<GatewayHub>, DomainLifetimeManager<GatewayHub>>(); // in front of the default hub's own
        services.TryAddSingleton<IMetricsSource, GatewayMetricsSource>();
        services.AddHostedService<DomainStartup>();
        services.AddHostedService<MetricsBroadcaster>();
        services.AddHostedService<ConnectionDrainer>();
        services.AddHostedService<IdleGarbageCollector>();
        if (options.Server.DirectSocket) services.Configure<SocketTransportOptions>(DirectSocket.Configure);
        return services;
    }

    /// <summary>To stand ahead of routing: the gate, the way to the replica that a connection belongs to, the outbox below every WebSocket, the framework's WebSockets.</summary>
    public static IApplicationBuilder UseGateway(this IApplicationBuilder app)
    {
        var gate = app.ApplicationServices.GetRequiredService<ConnectionAdmission>();
        var anyReplica = app.ApplicationServices.GetRequiredService<AnyReplicaMiddleware>();
        var hubRequests = app.ApplicationServices.GetRequiredService<SignalRRequests>();
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
        foreach (var hub in endpoints.ServiceProvider.GetRequiredService<GatewayDomains>().All)
        {
            endpoints.Map(EndpointRegistry.Below(options.Raw.Path, hub), hub.Get<RawEndpoint>().HandleAsync);
            endpoints.MapGatewayHub(EndpointRegistry.Below(options.SignalR.Path, hub), hub);
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
        services.AddSingleton(new FanOutLimits(shards, BatchMessages: Math.Clamp(options.Outbox.Capacity / 2, 1, 128)));
        services.AddSingleton<LagRecovery>();
        services.AddSingleton<FanOut>();
        services.AddSingleton<Publisher>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<ReplicaStatus>(p, p.GetRequiredService<ReplicaId>().Value));
        services.AddSingleton<PresenceTracker>();
        services.AddSingleton(new MembershipLimits(options.Rooms.MaxPerConnection, options.Rooms.MaxReplay) { MaxPerUser = options.Rooms.MaxPerUser, MaxRooms = options.Rooms.MaxRooms });
        services.AddSingleton<RoomAdmission>();
        services.AddSingleton<RoomMembership>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<ConnectionLifecycle>(p, p.GetRequiredService<ReplicaId>().Value));
        services.AddSingleton<BackplaneReceiver>();
        services.AddSingleton(CoreOptions.CustomTypes(options));
        services.AddSingleton(p => CoreOptions.RateLimit(options, p.GetService<IUserQuotas>(), p.GetRequiredService<Supervisor>(), p.GetRequiredService<TimeProvider>()));
        AddModeration(services, options);
        services.AddSingleton(new DirectMessageRule(options.Messages.Direct, [.. options.Messages.DirectRoles]));
        services.AddSingleton<DirectMessagePermission>();
        services.AddSingleton<CommandRouter>();
        services.AddSingleton<FrameLimit>();
        services.AddSingleton(new Deadlines(options.Raw.WriteWait, options.Raw.PingPeriod, options.Raw.PongWait));
        services.AddSingleton<DeadlineSweep>();
    }

    internal static void AddBackplane(IServiceCollection services, GatewayOptions options)
    {
        if (!options.Redis.Enabled)
        {
            services.AddSingleton(new InProcessBackplaneLimits(options.Messages.IdempotencyWindow, options.Rooms.HistoryMaxBytes));
            services.AddSingleton<IBackplane, InProcessBackplane>();
            services.AddSingleton<IPresenceStore>(p => InProcessPresenceStore(p, options.Rooms.PresenceGrace));
            services.AddSingleton<IReplicaRegistry, SingleReplicaRegistry>();
            services.AddSingleton<ICluster, InProcessCluster>();
            services.AddSingleton<IIdempotencyKeys>(p => ActivatorUtilities.CreateInstance<InProcessIdempotencyKeys>(p, options.Messages.IdempotencyWindow));
            if (options.RateLimit.PerUser is { Messages: > 0 } own)
                services.AddSingleton<IUserQuotas>(p => ActivatorUtilities.CreateInstance<InProcessUserQuotas>(p, own.Messages, own.Window));
            return;
        }
        services.AddSingleton(new RedisKeys(options.Redis.Prefix));
        services.AddSingleton<RedisServers>();
        services.AddSingleton<RedisInstructions>();
        services.AddSingleton<RedisReceiverCounts>();
        services.AddSingleton<SubscriptionEvents>();
        services.AddSingleton<RedisBackplane>();
        services.AddSingleton<IBackplane>(p => p.GetRequiredService<RedisBackplane>());
        services.AddHostedService<RedisStartup>();
        services.AddHostedService<RoomQuota>();
        services.AddSingleton<RedisPresence>();
        services.AddHostedService(p => p.GetRequiredService<RedisPresence>());
        services.AddSingleton<IPresenceStore, RedisPresenceStore>();
        services.AddSingleton<IReplicaRegistry, RedisReplicaRegistry>();
        services.AddSingleton<RedisCluster>();
        services.AddSingleton<ICluster>(p => p.GetRequiredService<RedisCluster>());
        services.AddHostedService(p => p.GetRequiredService<RedisCluster>());
        services.AddSingleton<IIdempotencyKeys>(p => ActivatorUtilities.CreateInstance<RedisIdempotencyKeys>(p, options.Messages.IdempotencyWindow));
        if (options.RateLimit.PerUser is { Messages: > 0 } shared)
            services.AddSingleton<IUserQuotas>(p => ActivatorUtilities.CreateInstance<RedisUserQuotas>(p, shared.Messages, shared.Window));
    }

    /// <summary>Once for all hubs.</summary>
    private static void AddRestrictions(IServiceCollection services, GatewayOptions options)
    {
        if (!options.Redis.Enabled)
        {
            services.AddSingleton<IRestrictionStore, InProcessRestrictionStore>();
            return;
        }
        services.AddSingleton<RedisRestrictionStore>();
        services.AddSingleton<IRestrictionStore>(p => p.GetRequiredService<RedisRestrictionStore>());
        services.AddHostedService(p => p.GetRequiredService<RedisRestrictionStore>());
    }

    private static void AddModeration(IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton<ClusterQueryHandler>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<AdmissionPolicy>(p, options.Server.MaxConnectionsPerUser));
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<Moderator>(p, options.Moderation.Role, options.Moderation.RevocationTtl));
    }

    private static InProcessPresenceStore InProcessPresenceStore(IServiceProvider services, TimeSpan grace)
    {
        var publisher = services.GetRequiredService<Publisher>();
        Announce announce = publisher.AnnounceAsync;
        return ActivatorUtilities.CreateInstance<InProcessPresenceStore>(services, announce, grace);
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
        services.AddSingleton<IHubProtocol, GatewayJsonProtocol>(); // of two protocols with one name the last counts
        services.AddSingleton<IHubProtocolResolver, RateLimitedProtocolResolver>();
        services.AddSingleton<HubCommandDispatcher>();
        services.AddSingleton<HubPayloads>();
        services.AddSingleton<InvocationIds>();
    }
}
