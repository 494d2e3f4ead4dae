using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;

namespace Gateway.AspNetCore.Validation;

/// <summary>
/// Requires a configured key if replicas share a Redis and users are authenticated. Whoever has the key can impersonate any user, so
/// reading Redis must not reveal it.
/// </summary>
internal static class TokenKeyRule
{
    private const string Key = "server.token_key";

    public static void Check(GatewayOptions options, bool hasBackplane, Binding binding)
    {
        if (binding.AreValid(Key, "auth.mode", "auth.signing_key", "redis.enabled") && hasBackplane && Problem(options) is { } problem)
            binding.Report(Key, problem, binding.OriginOf(Key));
    }

    /// <returns>The problem, or <c>null</c>.</returns>
    private static string? Problem(GatewayOptions options) =>
        options is { Auth: { Mode: AuthMode.Jwt, SigningKey.Count: 0 }, Server.TokenKey.Count: 0 }
            ? "is missing; auth.mode jwt with redis.enabled needs it: a random text of at least 32 bytes, the same on all replicas "
              + "(openssl rand -base64 32), "
              + "rather in GATEWAY_SERVER__TOKEN_KEY than in a file"
            : null;
}
