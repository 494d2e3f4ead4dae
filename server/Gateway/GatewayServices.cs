using Gateway.AnyReplica;
using Gateway.Configuration;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Lifecycle;
using Gateway.Metrics;
using Gateway.Raw;
using Gateway.Redis;
using Gateway.Redis.Presence;
using Gateway.Security;
using Gateway.SignalR;
using Gateway.WebSockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Net.Http.Headers;

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
        services.AddSingleton<OriginPolicy>(_ => new OriginPolicy(options.Server));
        services.AddSingleton<ConnectGate>();
        services.AddAnyReplica(options);
        services.AddSingleton<OutboxUpgradeMiddleware>();
        services.AddSingleton<RawEndpoint>();
        AddHub(services, options);
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
        var upgrade = app.ApplicationServices.GetRequiredService<OutboxUpgradeMiddleware>();
        var origins = app.ApplicationServices.GetRequiredService<OriginPolicy>();
        // Only for browsers: it has a service scope made for the request, which lives as long as the connection.
        app.UseWhen(static context => context.Request.Headers.ContainsKey(HeaderNames.Origin), browsers =>
            browsers.UseCors(cors => cors.SetIsOriginAllowed(origins.IsListed).AllowAnyHeader().AllowAnyMethod().AllowCredentials()));
        app.Use((context, next) => anyReplica.RestoreAsync(context, next));
        app.Use((context, next) => gate.InvokeAsync(context, next));
        app.Use((context, next) => anyReplica.InvokeAsync(context, next));
        app.Use((context, next) => upgrade.InvokeAsync(context, next));
        // Both dialects have keep-alives of their own, so the framework needs no timer for each WebSocket.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        return app;
    }

    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder endpoints)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<GatewayOptions>();
        var raw = endpoints.ServiceProvider.GetRequiredService<RawEndpoint>();
        endpoints.Map(options.Raw.Path, raw.HandleAsync);
        endpoints.MapHub<GatewayHub>(options.SignalR.Path);
        return endpoints;
    }

    private static void AddCore(IServiceCollection services, GatewayOptions options)
    {
        var shards = Math.Clamp(Environment.ProcessorCount, 1, 8);
        services.AddSingleton(new OutboxLimits(options.Outbox.Capacity, options.Outbox.MaxBytes));
        services.AddSingleton<GatewayMeter>();
        services.AddSingleton<ConnectionEvents>();
        services.AddSingleton(new ConnectionTable(shards));
        services.AddSingleton(new RoomTable(CoreOptions.RoomPolicies(options), shards));
        services.AddSingleton(CoreOptions.FanOutPolicies(options));
        services.AddSingleton(new FanOutBounds(shards, BatchMessages: Math.Min(128, options.Outbox.Capacity)));
        services.AddSingleton<FanOut>();
        services.AddSingleton<Publisher>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<OwnReplica>(p, p.GetRequiredService<ReplicaId>().Value));
        services.AddSingleton<Attendance>();
        services.AddSingleton(new MembershipLimits(options.Rooms.MaxPerConnection, options.Rooms.MaxReplay));
        services.AddSingleton<RoomMembership>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<Reception>(p, p.GetRequiredService<ReplicaId>().Value));
        services.AddSingleton<BackplaneReceiver>();
        services.AddSingleton(CoreOptions.CustomTypes(options));
        services.AddSingleton(p => new RateLimit(options.RateLimit.Messages, options.RateLimit.Window, p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<CommandRouter>();
        services.AddSingleton(new Deadlines(options.Raw.WriteWait, options.Raw.PingPeriod, options.Raw.PongWait));
        services.AddSingleton<DeadlineSweep>();
    }

    private static void AddBackplane(IServiceCollection services, GatewayOptions options)
    {
        if (!options.Redis.Enabled)
        {
            services.AddSingleton(new InProcessMemory(options.Messages.IdempotencyWindow, options.Rooms.HistoryMaxBytes));
            services.AddSingleton<IBackplane, InProcessBackplane>();
            services.AddSingleton<IRoster>(p => InProcessRoster(p, options.Rooms.PresenceGrace));
            services.AddSingleton<IReplicas, SingleReplica>();
            return;
        }
        services.AddSingleton(new RedisKeys(options.Redis.Prefix));
        services.AddSingleton<RedisServers>();
        services.AddSingleton<RedisInstructions>();
        services.AddSingleton<FeedEvents>();
        services.AddSingleton<RedisBackplane>();
        services.AddSingleton<IBackplane>(p => p.GetRequiredService<RedisBackplane>());
        services.AddHostedService<RedisStart>();
        services.AddHostedService<SharedKey>();
        services.AddSingleton<RedisPresence>();
        services.AddHostedService(p => p.GetRequiredService<RedisPresence>());
        services.AddSingleton<IRoster, RedisRoster>();
        services.AddSingleton<IReplicas, RedisReplicas>();
    }

    private static InProcessRoster InProcessRoster(IServiceProvider services, TimeSpan grace)
    {
        var publisher = services.GetRequiredService<Publisher>();
        Announce announce = async (audience, message) => await publisher.PublishAsync(audience, message);
        return ActivatorUtilities.CreateInstance<InProcessRoster>(services, announce, grace);
    }

    private static void AddHub(IServiceCollection services, GatewayOptions options)
    {
        services.AddCors();
        services.AddSignalR().AddHubOptions<GatewayHub>(hub => hub.MaximumReceiveMessageSize = options.Raw.MaxMessageBytes);
        services.AddSingleton<IHubProtocol, ClearJsonProtocol>(); // of two protocols with one name the last counts
        services.AddSingleton<HubDoor>();
        services.AddSingleton<HubPayloads>();
        services.AddSingleton<ClientResults>();
        services.AddSingleton<HubLifetimeManager<GatewayHub>, GatewayHubLifetimeManager<GatewayHub>>();
    }
}
