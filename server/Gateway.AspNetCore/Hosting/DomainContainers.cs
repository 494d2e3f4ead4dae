using System.Diagnostics.Metrics;
using Gateway.AspNetCore.Admin;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Raw;
using Gateway.AspNetCore.SignalR;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Hosting;
using Gateway.Core.Moderation;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.AspNetCore.Hosting;

/// <summary>
/// The containers of the named domains, which end with the application's own. Each domain is the whole core once more, so there is nothing
/// by which two could hear each other. They share what a process has once: the clock, the logs, readiness, and the connections to the
/// backplane.
/// </summary>
internal sealed class DomainContainers : IAsyncDisposable
{
    private readonly IServiceProvider _application;
    private readonly List<ServiceProvider> _containers = [];

    public DomainContainers(IServiceProvider application)
    {
        _application = application;
        var options = application.GetRequiredService<GatewayOptions>();
        var named = new List<GatewayDomain>();
        foreach (var (name, hub) in options.Hubs)
        {
            var settings = DomainSettings.Of(name, options);
            var container = Build(application, name, settings);
            _containers.Add(container);
            named.Add(new GatewayDomain(name, settings, hub.MaxConnections, container));
        }
        Domains = new GatewayDomains(new GatewayDomain("", options, maxConnections: 0, application), named);
    }

    public GatewayDomains Domains { get; }

    /// <summary>Creates the domain of a hub of the application. It ends with the application.</summary>
    public GatewayDomain CreateHub(string name, GatewayOptions options)
    {
        var container = Build(_application, name, options, static services =>
        {
            services.Replace(ServiceDescriptor.Singleton(new SystemMessages(AreSent: false)));
            services.Replace(ServiceDescriptor.Singleton(
                p => CoreOptions.MembershipLimits(p.GetRequiredService<GatewayOptions>()) with { AllowsAnyName = true }));
        });
        lock (_containers) _containers.Add(container);
        return new GatewayDomain(name, options, maxConnections: 0, container);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var container in _containers) await container.DisposeAsync();
    }

    private static ServiceProvider Build(
        IServiceProvider application, string name, GatewayOptions options, Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSignalRCore();
        services.AddSingleton(options);
        services.AddDomain(name);
        foreach (var (type, create) in application.GetServices<CommandRegistration>())
            services.AddSingleton(new CommandRegistration(type, _ => create(application)));
        services.AddSingleton<ResolveObservers>(application.GetServices<IConnectionObserver>);
        services.Replace(ServiceDescriptor.Singleton(p => new GatewayMeter(application.GetService<IMeterFactory>(), name)));
        services.AddSingleton<MessageRequest>();
        services.AddSingleton<IRestrictionStore>(new DomainRestrictions(name, application.GetRequiredService<IRestrictionStore>()));
        var domain = new DomainServices(services, name, application)
            .Share<TimeProvider>().Share<ILoggerFactory>().Share<ReplicaId>().Share<ReadinessState>().Share<HubPayloads>()
            .Share<FirstMessageAuthentication>()
            .Share<SignalRRequests>().Share<VerifyToken>().Share<InvocationIds>();
        application.GetRequiredService<BackplaneRegistration>().Apply(domain);
        configure?.Invoke(services);
        return services.BuildServiceProvider();
    }
}
