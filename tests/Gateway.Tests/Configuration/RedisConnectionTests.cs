using Xunit;

namespace Gateway.Tests.Configuration;

/// <summary>One Redis server is written as a text, commas and all; several are a list.</summary>
public sealed class RedisConnectionTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("redis: { connection: 'a:1,ssl=true' }", "a:1,ssl=true")]
    [InlineData("redis: { connection: ['a:1,ssl=true', b:2] }", "a:1,ssl=true|b:2")]
    [InlineData("redis:\n  connection:\n    - a:1\n    - b:2\n    - c:3", "a:1|b:2|c:3")]
    public void IsOneServerOrAList(string yaml, string expected) =>
        Assert.Equal(expected, string.Join('|', _folder.Options(yaml).Redis.Connection));

    [Fact]
    public void SeveralCanBeGivenByIndex() =>
        Assert.Equal(
            ["a:1", "b:2,ssl=true"],
            _folder.Options(null, ["--redis:connection:0=a:1", "--redis:connection:1=b:2,ssl=true"]).Redis.Connection);

    [Fact]
    public void ListMustNotBeEmpty() =>
        Assert.StartsWith(
            "redis.connection: must not be empty", Assert.Single(_folder.Errors("redis: { connection: [] }")), StringComparison.Ordinal);
}
