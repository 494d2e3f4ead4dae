using Gateway.AspNetCore.Hubs;
using Gateway.AspNetCore.Options;
using Gateway.Core.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts the hubs of a SignalR application on the gateway.</summary>
public static class SignalRGatewayBuilderExtensions
{
    /// <summary>
    /// Puts every hub of the application on the gateway. The hubs, their clients and their <c>MapHub</c> stay as they are. Each hub class
    /// is a broadcast domain of its own. Call <c>AddRedis</c> on the result to connect several servers.
    /// </summary>
    /// <param name="builder">What <c>AddSignalR</c> returned.</param>
    /// <param name="configure">Sets the options; all of them are checked when the application starts.</param>
    public static IGatewayBuilder AddGateway(this ISignalRServerBuilder builder, Action<GatewayOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return AddHubs(builder.Services.AddGateway(configure));
    }

    /// <summary>
    /// Puts every hub of the application on the gateway, with the options of a configuration section, such as
    /// <c>builder.Configuration.GetSection("Gateway")</c>.
    /// </summary>
    /// <param name="builder">What <c>AddSignalR</c> returned.</param>
    /// <param name="configuration">Has the keys of the gateway's configuration file; an unknown key or a value that is not allowed stops
    /// the start.</param>
    public static IGatewayBuilder AddGateway(this ISignalRServerBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return AddHubs(builder.Services.AddGateway(configuration));
    }

    private static IGatewayBuilder AddHubs(IGatewayBuilder gateway)
    {
        // AddSignalR has added the framework's own; the last one applies. GatewayHub has its own, which are not generic.
        gateway.Services.AddSingleton(typeof(HubLifetimeManager<>), typeof(ApplicationHubLifetimeManager<>));
        gateway.Services.AddSingleton(typeof(HubConnectionHandler<>), typeof(ApplicationHubConnectionHandler<>));
        gateway.Services.TryAddSingleton<HubPipeline>();
        gateway.Services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, HubEndpointPolicy>());
        return gateway;
    }
}
