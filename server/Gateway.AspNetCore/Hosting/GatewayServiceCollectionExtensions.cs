using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Hosting;
using Gateway.AspNetCore.Hubs;
using Gateway.AspNetCore.Lifecycle;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Raw;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.AspNetCore.SignalR;
using Gateway.AspNetCore.Validation;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Configuration;
using Gateway.Core.Hosting;
using Gateway.Core.Moderation;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the gateway to an ASP.NET Core application.</summary>
public static class GatewayServiceCollectionExtensions
{
    /// <summary>Adds the gateway. <c>MapGateway</c> maps its endpoints.</summary>
    /// <param name="configure">Sets the options; all of them are checked when the application starts.</param>
    public static IGatewayBuilder AddGateway(this IServiceCollection services, Action<GatewayOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure != null) services.Configure(configure);
        return services.AddGateway(new GatewayOptions());
    }

    /// <summary>
    /// Adds the gateway with the options of a configuration section, such as <c>builder.Configuration.GetSection("Gateway")</c>.
    /// </summary>
    /// <param name="configuration">Has the keys of the gateway's configuration file; an unknown key or a value that is not allowed stops
    /// the start.</param>
    public static IGatewayBuilder AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddSingleton<IConfigureOptions<GatewayOptions>>(new ConfigurationSetup<GatewayOptions>(configuration, GatewaySchema.Root));
        return services.AddGateway(new GatewayOptions());
    }

    /// <summary>For the program, whose configuration has made the options.</summary>
    internal static IGatewayBuilder AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        if (services.FirstOrDefault(s => s.ServiceType == typeof(BackplaneRegistration))?.ImplementationInstance
            is BackplaneRegistration added)
            return new GatewayBuilder(services, added); // a second call adds options only
        var backplane = new BackplaneRegistration();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(backplane);
        services.AddSingleton<IOptionsFactory<GatewayOptions>>(p => ActivatorUtilities.CreateInstance<GatewayOptionsFactory>(p, options));
        services.AddOptions<GatewayOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>>(new SchemaValidator<GatewayOptions>(
            GatewaySchema.Root,
            (set, binding) => GatewayRules.Check(set, backplane.IsShared, Directory.GetCurrentDirectory(), binding)));
        services.AddSingleton<IValidateOptions<GatewayOptions>, CommandRule>();
        services.AddSingleton(p => p.GetRequiredService<IOptions<GatewayOptions>>().Value);
        services.AddSingleton(ReplicaId.New());
        services.AddSingleton<ReadinessState>();
        services.AddSingleton<IRestrictionStore, InProcessRestrictionStore>();
        services.AddSingleton<OriginPolicy>();
        services.AddTokens();
        services.AddSingleton<ConnectionRateLimiter>();
        services.AddSingleton<ConnectionQuota>();
        services.AddSingleton<ConnectionAdmission>();
        services.AddAnyReplica();
        services.AddSingleton<OutboxUpgradeMiddleware>();
        services.AddSingleton<FirstMessageAuthentication>();
        AddSignalR(services);
        services.AddSingleton<DomainContainers>();
        services.AddSingleton(p => p.GetRequiredService<DomainContainers>().Domains);
        services.AddHostedService<DomainHost>();
        services.AddSingleton<CreateHubDomain>(p => p.GetRequiredService<DomainContainers>().CreateHub);
        services.AddSingleton<HubDomains>();
        services.AddHostedService(p => p.GetRequiredService<HubDomains>());
        services.AddDomain(name: "");
        services.AddSingleton<HubLifetimeManager<GatewayHub>, DomainLifetimeManager<GatewayHub>>(); // in front of the default domain's own
        services.AddHostedService<ConnectionDrainer>();
        // [FromKeyedServices("test")] IHubContext<GatewayHub> is the context of the domain "test".
        services.AddKeyedSingleton(KeyedService.AnyKey, (p, key) => p.GetRequiredService<GatewayDomains>()[(string)key!]);
        services.AddKeyedSingleton(
            KeyedService.AnyKey, (p, key) => p.GetRequiredService<GatewayDomains>()[(string)key!].Get<IHubContext<GatewayHub>>());
        return new GatewayBuilder(services, backplane);
    }

    /// <summary>Declares a domain with endpoints of its own, beside those that the options name.</summary>
    /// <param name="name">1 to 32 of a-z 0-9 _ -; the domain's endpoints are <c>/ws/NAME</c> and <c>/hub/NAME</c>.</param>
    public static IGatewayBuilder AddHub(this IGatewayBuilder builder, string name, Action<NamedHubOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (!TextRules.IsHubName(name))
            throw new ArgumentException($"'{name}' cannot be a hub's name. Allowed: {TextRules.HubName.Allowed}.", nameof(name));
        builder.Services.Configure<GatewayOptions>(options =>
        {
            if (!options.Hubs.TryGetValue(name, out var hub)) options.Hubs[name] = hub = new NamedHubOptions();
            configure?.Invoke(hub);
        });
        return builder;
    }

    private static void AddSignalR(IServiceCollection services)
    {
        services.AddCors();
        services.AddSignalR().AddHubOptions<GatewayHub>(_ => { }); // takes over what the application sets for all hubs
        services.AddSingleton<IConfigureOptions<HubOptions<GatewayHub>>, GatewayHubOptions>();
        services.AddSingleton<RateLimitedProtocolResolver>();
        // Only the gateway's hub has these protocols: other hubs of the application keep the framework's resolver.
        services.AddSingleton(p =>
            ActivatorUtilities.CreateInstance<HubConnectionHandler<GatewayHub>>(p, p.GetRequiredService<RateLimitedProtocolResolver>()));
        services.AddSingleton<HubPayloads>();
        services.AddSingleton<SignalRRequests>();
        services.AddSingleton<InvocationIds>();
    }

    private sealed class GatewayBuilder(IServiceCollection services, BackplaneRegistration backplane) : IGatewayBuilder
    {
        public IServiceCollection Services => services;

        public IGatewayBuilder UseBackplane(Action<DomainServices> configure)
        {
            ArgumentNullException.ThrowIfNull(configure);
            backplane.Add(configure);
            configure(new DomainServices(services, "", application: null));
            return this;
        }
    }

    /// <summary>Begins with options that exist already, and does with them what the framework does with new ones.</summary>
    private sealed class GatewayOptionsFactory(
        GatewayOptions options, IEnumerable<IConfigureOptions<GatewayOptions>> setups,
        IEnumerable<IPostConfigureOptions<GatewayOptions>> postConfigures,
        IEnumerable<IValidateOptions<GatewayOptions>> validations) : OptionsFactory<GatewayOptions>(setups, postConfigures, validations)
    {
        protected override GatewayOptions CreateInstance(string name) => options;
    }
}
