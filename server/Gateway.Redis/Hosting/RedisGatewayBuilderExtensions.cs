using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Configuration;
using Gateway.Core.Hosting;
using Gateway.Core.Idempotency;
using Gateway.Core.Limits;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Replicas;
using Gateway.Redis.Cluster;
using Gateway.Redis.Hosting;
using Gateway.Redis.Limits;
using Gateway.Redis.Moderation;
using Gateway.Redis.Options;
using Gateway.Redis.Presence;
using Gateway.Redis.Replicas;
using Gateway.Redis.Rooms;
using Gateway.Redis.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Extension methods that add the Redis backplane to a gateway.</summary>
public static class RedisGatewayBuilderExtensions
{
    /// <summary>
    /// Connects the replicas of the gateway through Redis. They share rooms with their history, presence, moderation and user quotas.
    /// </summary>
    /// <param name="builder">The gateway to add the backplane to.</param>
    /// <param name="connection">
    /// The server, such as <c>localhost:6379</c> or <c>rediss://:password@host:6380</c>; see <see cref="RedisOptions.Connection"/>.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IGatewayBuilder AddRedis(this IGatewayBuilder builder, string connection)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connection);
        return builder.AddRedis(options => options.Connection = [connection]);
    }

    /// <summary>
    /// Connects the replicas of the gateway through Redis. They share rooms with their history, presence, moderation and user quotas.
    /// </summary>
    /// <remarks>
    /// The options are validated at startup. The gateway also starts while Redis is unavailable; it is not ready until Redis is available.
    /// </remarks>
    /// <param name="builder">The gateway to add the backplane to.</param>
    /// <param name="configure">Sets the options; <c>null</c> for the defaults.</param>
    /// <returns>The same builder.</returns>
    public static IGatewayBuilder AddRedis(this IGatewayBuilder builder, Action<RedisOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Services.AddOptions<RedisOptions>().ValidateOnStart();
        if (configure != null) options.Configure(configure);
        builder.Services.AddSingleton<IValidateOptions<RedisOptions>>(new SchemaValidator<RedisOptions>(RedisSchema.Redis));
        return builder.UseBackplane(AddToDomain);
    }

    /// <summary>
    /// Connects the replicas of the gateway through Redis, with the options of a configuration section.
    /// </summary>
    /// <param name="builder">The gateway to add the backplane to.</param>
    /// <param name="configuration">
    /// The section. It has the keys of <c>redis:</c> in the program's configuration file, except <c>enabled</c>.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IGatewayBuilder AddRedis(this IGatewayBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configuration);
        builder.Services.AddSingleton<IConfigureOptions<RedisOptions>>(
            new ConfigurationSetup<RedisOptions>(configuration, RedisSchema.Redis));
        return builder.AddRedis(configure: null);
    }

    /// <summary>For the program, whose configuration has already validated the options.</summary>
    internal static IGatewayBuilder AddRedis(this IGatewayBuilder builder, RedisOptions options)
    {
        builder.Services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options));
        return builder.UseBackplane(AddToDomain);
    }

    private static void AddToDomain(DomainServices domain)
    {
        var services = domain.Services;
        if (domain.IsDefault) services.AddSingleton(p => p.GetRequiredService<IOptions<RedisOptions>>().Value);
        else services.AddSingleton(domain.OfApplication<RedisOptions>().ForDomain(domain.Name));
        AddConnection(domain);
        AddRooms(services);
        AddReplicas(services);
        if (domain.IsDefault) AddShared(services);
    }

    /// <summary>Hosted services start in the order of registration: the connection first.</summary>
    private static void AddConnection(DomainServices domain)
    {
        domain.Share<RedisServers>();
        domain.Services.AddSingleton(p => new RedisKeys(p.GetRequiredService<RedisOptions>().Prefix));
        domain.Services.AddHostedService<RedisStartup>();
    }

    private static void AddRooms(IServiceCollection services)
    {
        services.AddSingleton<RedisRemoteCommands>();
        services.AddSingleton<RedisReceiverCounts>();
        services.AddSingleton<SubscriptionEvents>();
        services.AddSingleton<RedisBackplane>();
        services.AddSingleton<IBackplane>(p => p.GetRequiredService<RedisBackplane>());
        services.AddHostedService<RoomQuota>();
        services.AddSingleton<IIdempotencyKeys>(
            p => ActivatorUtilities.CreateInstance<RedisIdempotencyKeys>(p, Settings(p).IdempotencyWindow));
        services.AddSingleton<IUserQuotas>(
            p => ActivatorUtilities.CreateInstance<RedisUserQuotas>(p, Settings(p).MessagesPerUser, Settings(p).MessagesPerUserWindow));
    }

    private static void AddReplicas(IServiceCollection services)
    {
        services.AddSingleton<RedisPresence>();
        services.AddHostedService(p => p.GetRequiredService<RedisPresence>());
        services.AddSingleton<IPresenceStore, RedisPresenceStore>();
        services.AddSingleton<IReplicaRegistry, RedisReplicaRegistry>();
        services.AddSingleton<RedisCluster>();
        services.AddSingleton<ICluster>(p => p.GetRequiredService<RedisCluster>());
        services.AddHostedService(p => p.GetRequiredService<RedisCluster>());
    }

    /// <summary>Services that all domains share.</summary>
    private static void AddShared(IServiceCollection services)
    {
        services.AddHostedService<SharedReplicaKey>();
        services.AddSingleton<RedisRestrictionStore>();
        services.AddSingleton<IRestrictionStore>(p => p.GetRequiredService<RedisRestrictionStore>());
        services.AddHostedService(p => p.GetRequiredService<RedisRestrictionStore>());
    }

    private static BackplaneSettings Settings(IServiceProvider services) => services.GetRequiredService<BackplaneSettings>();
}
