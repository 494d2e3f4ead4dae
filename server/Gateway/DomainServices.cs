using System.Diagnostics.Metrics;
using Gateway.Admin;
using Gateway.Configuration;
using Gateway.Configuration.Schema;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Hubs;
using Gateway.Lifecycle;
using Gateway.Metrics;
using Gateway.Raw;
using Gateway.Redis;
using Gateway.Security;
using Gateway.SignalR;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway;

/// <summary>
/// Named hubs. Each is the whole core once more, in a container of its own: what the default hub has, it has too, and there is nothing by which they could
/// hear each other. They share what there is once in a process: the clock, the logs, readiness, and the connections to Redis, where each has a prefix of its own.
/// </summary>
public static class DomainServices
{
    /// <summary>Declares a hub, beside those that the configuration names; after <c>AddGateway</c>.</summary>
    /// <param name="name">1 to 32 of a-z 0-9 _ -; the hub is found at <c>/ws/NAME</c> and <c>/hub/NAME</c>.</param>
    public static IServiceCollection AddHub(this IServiceCollection services, string name, Action<NamedHubOptions>? configure = null)
    {
        if (!TextRules.IsHubName(name)) throw new ArgumentException($"'{name}' cannot be a hub's name: {TextRules.HubName.Allowed}", nameof(name));
        var options = services.LastOrDefault(s => s.ServiceType == typeof(GatewayOptions))?.ImplementationInstance as GatewayOptions
            ?? throw new InvalidOperationException("AddHub comes after AddGateway");
        if (!options.Hubs.TryGetValue(name, out var hub)) options.Hubs[name] = hub = new NamedHubOptions();
        configure?.Invoke(hub);
        return services;
    }

    internal static void AddHubs(IServiceCollection services)
    {
        services.AddSingleton(p => new DomainContainers(p));
        services.AddSingleton(p => p.GetRequiredService<DomainContainers>().Cores);
        services.AddSingleton<EndpointRegistry>();
        services.AddHostedService<DomainHost>();
    }

    private static ServiceProvider Open(IServiceProvider gateway, string name, GatewayOptions options)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSignalRCore();
        services.AddSingleton(options);
        GatewayServices.AddCore(services, options);
        services.Replace(ServiceDescriptor.Singleton(p => new GatewayMeter(gateway.GetService<IMeterFactory>(), name)));
        GatewayServices.AddBackplane(services, options);
        GatewayServices.AddDialects(services);
        services.AddSingleton<MessageRequest>();
        services.TryAddSingleton<IMetricsSource, GatewayMetricsSource>();
        services.AddHostedService<DomainStartup>();
        services.AddHostedService<MetricsBroadcaster>();
        Share<TimeProvider>(services, gateway);
        Share<ILoggerFactory>(services, gateway);
        Share<ReplicaId>(services, gateway);
        Share<ReadinessState>(services, gateway);
        Share<HubPayloads>(services, gateway);
        Share<FirstMessageAuthentication>(services, gateway);
        Share<SignalRRequests>(services, gateway);
        Share<VerifyToken>(services, gateway);
        services.AddSingleton<IRestrictionStore>(new DomainRestrictions(name, gateway.GetRequiredService<IRestrictionStore>()));
        Share<InvocationIds>(services, gateway);
        if (options.Redis.Enabled) Share<RedisServers>(services, gateway);
        return services.BuildServiceProvider();
    }

    /// <summary>As an instance, which a container does not dispose of.</summary>
    private static void Share<T>(IServiceCollection services, IServiceProvider gateway)
        where T : class => services.Replace(ServiceDescriptor.Singleton(gateway.GetRequiredService<T>()));

    /// <summary>The containers of the named hubs, which end with the gateway's own.</summary>
    private sealed class DomainContainers : IAsyncDisposable
    {
        private readonly List<ServiceProvider> _containers = [];

        public DomainContainers(IServiceProvider gateway)
        {
            var options = gateway.GetRequiredService<GatewayOptions>();
            var named = new List<GatewayDomain>();
            foreach (var (name, hub) in options.Hubs)
            {
                var settings = DomainSettings.Of(name, options);
                var container = Open(gateway, name, settings);
                _containers.Add(container);
                named.Add(new GatewayDomain(name, settings, hub.MaxConnections, container));
            }
            Cores = new GatewayDomains(new GatewayDomain("", options, maxConnections: 0, gateway), named);
        }

        public GatewayDomains Cores { get; }

        public async ValueTask DisposeAsync()
        {
            foreach (var container in _containers) await container.DisposeAsync();
        }
    }
}
