using Gateway.Redis.Options;
using Xunit;

namespace Gateway.Tests.Configuration;

/// <summary>redis.connection may hold a password. Whatever goes wrong around it, nobody reads it in a log.</summary>
public sealed class SecretTests : IDisposable
{
    private const string Secret = "hunter2";

    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("redis: { conection: 'host,password=hunter2' }")]
    [InlineData("redis: 'host,password=hunter2'")]
    [InlineData("redis: { connection: { a: 'host,password=hunter2' } }")]
    [InlineData("redis: { connection: ['host,password=hunter2', ''] }")]
    [InlineData("redis: { connection: [['host,password=hunter2']] }")]
    [InlineData("redis: { connection: host,password=hunter2,ssl=true }")]
    [InlineData("redis: { connection: host,password=hunter2,password=hunter2 }")]
    [InlineData("redis:\n  connection: a\n  connection: hunter2")]
    [InlineData("redis:\n  connection: \"hunter2")]
    [InlineData("redis:\n  connection: @hunter2")]
    [InlineData("redis:\n  connection: a: hunter2")]
    [InlineData("redis:\n  connection: *hunter2")]
    public void NeverShownFromAFile(string yaml) => Assert.All(_folder.Errors(yaml), error => Assert.DoesNotContain(Secret, error));

    [Theory]
    [InlineData("--redis:conection=hunter2")]
    [InlineData("--redis=hunter2")]
    [InlineData("--redis:connection:1=hunter2")]
    [InlineData("redis:connection=hunter2")]
    [InlineData("--redis:connection=", "hunter2")]
    public void NeverShownFromTheCommandLine(params string[] arguments) =>
        Assert.All(_folder.Errors(null, arguments), error => Assert.DoesNotContain(Secret, error));

    [Fact]
    public void NeverShownFromTheEnvironment() =>
        Assert.DoesNotContain(Secret, Assert.Single(_folder.Errors(null, [], ("GATEWAY_REDIS_CONNECTION", "host,password=" + Secret))));

    [Fact]
    public void RefusedSecretIsReportedWithoutItsValue() => Assert.Equal(
        [$"redis.connection: \"\" is empty; allowed: {RedisAddress.Allowed} (command line)"],
        _folder.Errors(null, ["--redis:connection=   "]));

    [Fact]
    public void MessageStaysOnOneLineWhateverTheValueHolds()
    {
        var error = Assert.Single(_folder.Errors("server: { host: \"a\\nb\\e[31m\\u2028" + new string('x', 5000) + "\" }"));

        Assert.DoesNotContain(error, char.IsControl);
        Assert.True(error.Length < 300, error);
    }

    [Fact]
    public void MessagesHoldNoTypeNames()
    {
        string[] yamls = ["server: { port: x, host: y, tls: { enabled: true, cert_file: none, key_file: / } }", "a: [1\nb: 2", "a: b: c"];

        foreach (var error in yamls.SelectMany(yaml => _folder.Errors(yaml)))
            Assert.DoesNotMatch("Exception|System\\.|YamlDotNet|Int32|   at ", error);
    }
}
