using System.Security.Cryptography;
using System.Text;
using Gateway.AspNetCore.Options;
using Gateway.Core.Hosting;
using Gateway.Core.Replicas;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>Registers the services that make sticky sessions unnecessary.</summary>
internal static class AnyReplicaServices
{
    public static void AddAnyReplica(this IServiceCollection services)
    {
        services.AddSingleton(p => Key(p.GetRequiredService<GatewayOptions>(), p.GetRequiredService<BackplaneRegistration>().IsShared));
        services.TryAddSingleton(ReplicaCertificate.Validated);
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

    /// <summary>
    /// Creates the key from the configured secrets, or a random one. Several replicas agree on a random key through the backplane.
    /// </summary>
    private static ReplicaKey Key(GatewayOptions options, bool isShared)
    {
        var secrets = Configured(options);
        var key = new ReplicaKey { IsConfigured = secrets.Count > 0 };
        if (key.IsConfigured) key.Set(secrets);
        else if (!isShared) key.Set(RandomNumberGenerator.GetBytes(ReplicaKey.SecretBytes));
        return key;
    }

    internal static IReadOnlyList<byte[]> Configured(GatewayOptions options)
    {
        if (options.Server.TokenKey.Count > 0) return [.. options.Server.TokenKey.Select(Encoding.UTF8.GetBytes)];
        return options.Auth.Mode == AuthMode.Jwt ? [.. options.Auth.SigningKey.Select(Derive)] : [];
    }

    /// <summary>
    /// Derives a key with HKDF (RFC 5869), so that a signature of a replica is never valid for a user's token, or the reverse.
    /// </summary>
    private static byte[] Derive(string signingKey) =>
        HKDF.DeriveKey(
            HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(signingKey), ReplicaKey.SecretBytes, info: "gateway replica key"u8.ToArray());
}
