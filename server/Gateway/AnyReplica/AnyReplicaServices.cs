using System.Security.Cryptography;
using System.Text;
using Gateway.Configuration;

namespace Gateway.AnyReplica;

/// <summary>What it takes to need no sticky sessions.</summary>
internal static class AnyReplicaServices
{
    public static void AddAnyReplica(this IServiceCollection services, GatewayOptions options)
    {
        var key = new ReplicaKey(); // Redis tells it where nothing else does
        if (options.Server.TokenKey.Length > 0) key.Set(Encoding.UTF8.GetBytes(options.Server.TokenKey));
        else if (!options.Redis.Enabled) key.Set(RandomNumberGenerator.GetBytes(ReplicaKey.SecretBytes));
        services.AddSingleton(key);
        services.AddSingleton<AdvertisedAddress>();
        services.AddHostedService(p => p.GetRequiredService<AdvertisedAddress>());
        services.AddSingleton<Negotiation>();
        services.AddSingleton<Beginnings>();
        services.AddSingleton<ForwardedRequests>();
        services.AddSingleton<Owners>();
        services.AddSingleton<Forwarder>();
        services.AddSingleton<AnyReplicaMiddleware>();
    }
}
