using System.Security.Cryptography;
using Gateway.Configuration;
using Gateway.Configuration.Rules;

namespace Gateway.AnyReplica;

/// <summary>What it takes to need no sticky sessions.</summary>
internal static class AnyReplicaServices
{
    public static void AddAnyReplica(this IServiceCollection services, GatewayOptions options)
    {
        if (TokenKeyRule.Problem(options) is { } problem) throw new InvalidOperationException($"{TokenKeyRule.Key} {problem}");
        var key = new ReplicaKey(); // Redis tells it where nothing else does
        if (ReplicaKey.Configured(options) is { Count: > 0 } configured) key.Set(configured);
        else if (!options.Redis.Enabled) key.Set(RandomNumberGenerator.GetBytes(ReplicaKey.SecretBytes));
        services.AddSingleton(key);
        services.AddSingleton<AdvertisedAddress>();
        services.AddHostedService(p => p.GetRequiredService<AdvertisedAddress>());
        services.AddSingleton<PendingNegotiations>();
        services.AddSingleton<Negotiation>();
        services.AddSingleton<ConnectionClaims>();
        services.AddSingleton<ForwardedRequests>();
        services.AddSingleton<ReplicaDirectory>();
        services.AddSingleton<Forwarder>();
        services.AddSingleton<AnyReplicaMiddleware>();
    }
}
