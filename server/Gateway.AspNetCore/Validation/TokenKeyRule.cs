using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;

namespace Gateway.AspNetCore.Validation;

/// <summary>
/// Replicas that share a Redis share a key, and whoever has that key can be any user. Where users are authenticated it comes from the
/// configuration, so that reading Redis does not give it away.
/// </summary>
internal static class TokenKeyRule
{
    private const string Key = "server.token_key";

    public static void Check(GatewayOptions options, bool hasBackplane, Binding binding)
    {
        if (binding.AreValid(Key, "auth.mode", "auth.signing_key", "redis.enabled") && hasBackplane && Problem(options) is { } problem)
            binding.Report(Key, problem, binding.OriginOf(Key));
    }

    /// <returns><c>null</c> if there is none.</returns>
    private static string? Problem(GatewayOptions options) =>
        options is { Auth: { Mode: AuthMode.Jwt, SigningKey.Count: 0 }, Server.TokenKey.Count: 0 }
            ? "is missing; auth.mode jwt with redis.enabled needs it: a random text of at least 32 bytes, the same on all replicas "
              + "(openssl rand -base64 32), "
              + "rather in GATEWAY_SERVER__TOKEN_KEY than in a file"
            : null;
}
