using Xunit;

namespace Gateway.Tests.Configuration;

/// <summary>server.token_key is one secret or two; server.trusted_proxies are addresses and networks.</summary>
public sealed class TokenKeyTests : IDisposable
{
    private const string One = "thirty-two bytes, commas included";
    private const string Two = "another one, as long as the first";

    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TextIsOneKeyAndAListAreTwo()
    {
        Assert.Equal([One], _folder.Options($"server: {{ token_key: '{One}' }}").Server.TokenKey);
        Assert.Equal([One, Two], _folder.Options($"server: {{ token_key: ['{One}', '{Two}'] }}").Server.TokenKey);
        Assert.Empty(_folder.Options("server: { token_key: '' }").Server.TokenKey);
    }

    [Theory]
    [InlineData("short", "server.token_key: the value is not allowed; allowed: a text of at least 32 bytes")]
    [InlineData("['" + One + "', hunter2]", "server.token_key.1: the value is not allowed; allowed: a text of at least 32 bytes")]
    [InlineData("['" + One + "', '" + Two + "', '" + One + "']", "server.token_key: 3 keys are not allowed; allowed: at most 2")]
    public void OthersStopTheStart(string keys, string expected)
    {
        var error = Assert.Single(_folder.Errors($"server: {{ token_key: {keys} }}"));

        Assert.StartsWith(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TokensByPublicKeyOnSeveralReplicasNeedIt()
    {
        const string auth = "auth: { mode: jwt, authority: https://id.example.com, audience: gateway }\nredis: { enabled: true }";

        Assert.StartsWith(
            "server.token_key: is missing; auth.mode jwt with redis.enabled needs it",
            Assert.Single(_folder.Errors(auth)),
            StringComparison.Ordinal);
        Assert.Equal([One], _folder.Options($"{auth}\nserver: {{ token_key: '{One}' }}").Server.TokenKey);
        Assert.Empty(_folder.Options($"auth: {{ mode: jwt, signing_key: '{One}' }}\nredis: {{ enabled: true }}").Server.TokenKey);
        Assert.Empty(_folder.Options("redis: { enabled: true }").Server.TokenKey);
    }

    [Theory]
    [InlineData("10.0.0.5", true)]
    [InlineData("10.0.0.0/8", true)]
    [InlineData("2001:db8::/32", true)]
    [InlineData("::1", true)]
    [InlineData("10", false)]
    [InlineData("10.0.0.5/8", false)]
    [InlineData("10.0.0.0/33", false)]
    [InlineData("proxy.example.com", false)]
    public void ProxiesAreAddressesAndNetworks(string proxy, bool isAllowed)
    {
        var yaml = $"server: {{ trusted_proxies: ['{proxy}'] }}";
        if (isAllowed) Assert.Equal([proxy], _folder.Options(yaml).Server.TrustedProxies);
        else Assert.StartsWith("server.trusted_proxies.0: ", Assert.Single(_folder.Errors(yaml)), StringComparison.Ordinal);
    }
}
