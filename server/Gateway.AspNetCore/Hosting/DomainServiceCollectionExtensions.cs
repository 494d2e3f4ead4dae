using Gateway.AspNetCore.MetricsStream;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Raw;
using Gateway.AspNetCore.SignalR;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Idempotency;
using Gateway.Core.Limits;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.AspNetCore.Hosting;

/// <summary>
/// What each broadcast domain has of its own: connections, rooms, fan-out, commands, limits, and both dialects' endpoints.
/// </summary>
internal static class DomainServiceCollectionExtensions
{
    private static readonly int Shards = Math.Clamp(Environment.ProcessorCount, 1, 8);

    public static void AddDomain(this IServiceCollection services, string name)
    {
        services.AddSingleton(new DomainName(name));
        AddConnections(services);
        AddRooms(services);
        AddInProcessBackplane(services);
        AddCommands(services);
        AddDialects(services);
        services.TryAddSingleton<IMetricsSource, GatewayMetricsSource>();
        services.AddSingleton<ReplicaLoadMeter>();
        services.AddHostedService<DomainStartup>();
        services.AddHostedService<MetricsBroadcaster>();
    }

    private static void AddConnections(IServiceCollection services)
    {
        services.AddSingleton(p => new OutboxLimits(Options(p).Outbox.Capacity, Options(p).Outbox.MaxBytes));
        services.AddSingleton<GatewayMeter>();
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<Supervisor>(p, p.GetRequiredService<GatewayMeter>().LoopFaults));
        services.AddSingleton<ConnectionEvents>();
        services.AddSingleton<ResolveObservers>(p => p.GetServices<IConnectionObserver>);
        services.AddSingleton<ConnectionObservers>();
        services.AddSingleton(new ConnectionTable(Shards));
        services.AddSingleton(new SystemMessages(AreSent: true));
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<ConnectionLifecycle>(p, p.GetRequiredService<ReplicaId>().Value));
        services.AddSingleton<FrameLimit>();
        services.AddSingleton(p => new Deadlines(Options(p).Raw.WriteWait, Options(p).Raw.PingPeriod, Options(p).Raw.PongWait));
        services.AddSingleton<DeadlineSweep>();
    }

    private static void AddRooms(IServiceCollection services)
    {
        services.AddSingleton(p => new RoomTable(CoreOptions.RoomPolicies(Options(p)), Shards));
        services.AddSingleton(p => CoreOptions.FanOutPolicies(Options(p)));
        services.AddSingleton(p => new FanOutLimits(Shards, BatchMessages: Math.Clamp(Options(p).Outbox.Capacity / 2, 1, 128)));
        services.AddSingleton<LagRecovery>();
        services.AddSingleton<FanOut>();
        services.AddSingleton<Publisher>();
        services.AddSingleton<PresenceTracker>();
        services.AddSingleton(p => CoreOptions.MembershipLimits(Options(p)));
        services.AddSingleton<RoomAdmission>();
        services.AddSingleton<RoomMembership>();
        services.AddSingleton<BackplaneReceiver>();
    }

    /// <summary>For one replica; <c>UseBackplane</c> puts others in their place.</summary>
    private static void AddInProcessBackplane(IServiceCollection services)
    {
        services.AddSingleton(p => CoreOptions.Backplane(Options(p)));
        services.AddSingleton(p => new InProcessBackplaneLimits(Options(p).Messages.IdempotencyWindow, Options(p).Rooms.HistoryMaxBytes));
        services.AddSingleton<IBackplane, InProcessBackplane>();
        services.AddSingleton<IPresenceStore>(InProcessPresenceStore);
        services.AddSingleton(p => new ReplicaStatus(
            p.GetRequiredService<ReplicaId>().Value, p.GetRequiredService<ConnectionTable>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IReplicaRegistry, SingleReplicaRegistry>();
        services.AddSingleton(p => new ClusterQueryHandler(
            p.GetRequiredService<ConnectionTable>(),
            p.GetRequiredService<RoomTable>(),
            p.GetRequiredService<RoomMembership>(),
            p.GetRequiredService<ReplicaStatus>()));
        services.AddSingleton<ICluster, InProcessCluster>();
        services.AddSingleton<IIdempotencyKeys>(p =>
            ActivatorUtilities.CreateInstance<InProcessIdempotencyKeys>(p, Options(p).Messages.IdempotencyWindow));
        services.AddSingleton<IUserQuotas>(p =>
        {
            var limit = Options(p).RateLimit.PerUser;
            return ActivatorUtilities.CreateInstance<InProcessUserQuotas>(p, limit.Messages, limit.Window);
        });
    }

    private static void AddCommands(IServiceCollection services)
    {
        services.AddSingleton(p => CoreOptions.CustomTypes(Options(p)));
        services.AddSingleton(p => CoreOptions.RateLimiter(
            Options(p), Options(p).RateLimit.PerUser.Messages > 0 ? p.GetRequiredService<IUserQuotas>() : null,
            p.GetRequiredService<Supervisor>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<AdmissionPolicy>(p, Options(p).Server.MaxConnectionsPerUser));
        services.AddSingleton(p =>
            ActivatorUtilities.CreateInstance<Moderator>(p, Options(p).Moderation.Role, Options(p).Moderation.RevocationTtl));
        services.AddSingleton(p => new DirectMessageRule(Options(p).Messages.Direct, [.. Options(p).Messages.DirectRoles]));
        services.AddSingleton<DirectMessagePermission>();
        services.AddSingleton<CommandServices>();
        services.AddSingleton<CommandTable>();
        services.AddSingleton<CommandRouter>();
    }

    private static void AddDialects(IServiceCollection services)
    {
        services.AddSingleton<RawEndpoint>();
        services.AddSingleton<ClientResults>();
        services.AddSingleton<IClientInvoker>(p => p.GetRequiredService<ClientResults>());
        services.AddSingleton<GatewayHubLifetimeManager<GatewayHub>>();
        services.AddSingleton<HubLifetimeManager<GatewayHub>>(p => p.GetRequiredService<GatewayHubLifetimeManager<GatewayHub>>());
    }

    private static InProcessPresenceStore InProcessPresenceStore(IServiceProvider services)
    {
        Announce announce = services.GetRequiredService<Publisher>().AnnounceAsync;
        return ActivatorUtilities.CreateInstance<InProcessPresenceStore>(services, announce, Options(services).Rooms.PresenceGrace);
    }

    private static GatewayOptions Options(IServiceProvider services) => services.GetRequiredService<GatewayOptions>();
}
