using Gateway.Redis.Options;
using StackExchange.Redis;

namespace Gateway.Redis.Servers;

/// <summary>An address from the configuration as the client library wants it.</summary>
internal static class RedisClientOptions
{
    /// <summary>A silent server holds up an attempt to connect for so long at the most, unless the address says <c>connectTimeout</c>.</summary>
    private const int ConnectTimeoutMs = 3000;

    /// <exception cref="ArgumentException">An application that embeds the gateway has set an address that cannot be read.</exception>
    public static RedisAddress Read(string text) =>
        RedisAddress.TryRead(text, out var address) is { } wrong ? throw new ArgumentException($"redis.connection: {RedisAddress.Masked(text)} {wrong}") : address;

    public static ConfigurationOptions Of(RedisAddress address)
    {
        // The library's own text has no way to write a comma in a password.
        var rest = address.Options.Where(option => !option.Key.Equals("password", StringComparison.OrdinalIgnoreCase)).Select(option => $"{option.Key}={option.Value}");
        var options = ConfigurationOptions.Parse(string.Join(',', [.. address.Endpoints, .. rest]));
        options.Password = address["password"];
        options.AbortOnConnectFail = false;
        options.ClientName = "gateway";
        if (address["connectTimeout"] == null) options.ConnectTimeout = ConnectTimeoutMs;
        return options;
    }
}
