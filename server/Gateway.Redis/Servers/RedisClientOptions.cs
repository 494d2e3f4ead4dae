using Gateway.Redis.Options;
using StackExchange.Redis;

namespace Gateway.Redis.Servers;

/// <summary>Converts an address from the configuration to the client library's options.</summary>
internal static class RedisClientOptions
{
    /// <summary>How long a connection attempt waits for an unresponsive server, unless the address sets <c>connectTimeout</c>.</summary>
    private const int ConnectTimeoutMs = 3000;

    /// <exception cref="ArgumentException">The address is invalid. The program checks addresses earlier; this is for embedding
    /// applications.</exception>
    public static RedisAddress Read(string text) =>
        RedisAddress.TryRead(text, out var address) is { } error
            ? throw new ArgumentException($"redis.connection: {RedisAddress.RedactInvalid(text)} {error}. Allowed: {RedisAddress.Allowed}.")
            : address;

    public static ConfigurationOptions Of(RedisAddress address)
    {
        // The library's text format cannot express a comma in a password.
        var rest = address.Options
            .Where(option => !option.Key.Equals("password", StringComparison.OrdinalIgnoreCase))
            .Select(option => $"{option.Key}={option.Value}");
        var options = ConfigurationOptions.Parse(string.Join(',', [.. address.Endpoints, .. rest]));
        options.Password = address["password"];
        options.AbortOnConnectFail = false;
        options.ClientName = "gateway";
        if (address["connectTimeout"] == null) options.ConnectTimeout = ConnectTimeoutMs;
        return options;
    }
}
