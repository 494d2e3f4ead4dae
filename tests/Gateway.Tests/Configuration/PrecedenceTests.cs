using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.Core.Messages;
using Xunit;

namespace Gateway.Tests.Configuration;

public sealed class PrecedenceTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void NothingGivenLeavesTheDefaults() => Assert.Equal(8080, _folder.Options(null).Server.Port);

    [Fact]
    public void FileOverridesDefaults() => Assert.Equal(1, _folder.Options("server: { port: 1 }").Server.Port);

    [Fact]
    public void EnvironmentOverridesFile() =>
        Assert.Equal(2, _folder.Options("server: { port: 1 }", [], ("GATEWAY_SERVER__PORT", "2")).Server.Port);

    [Fact]
    public void CommandLineOverridesEnvironment() =>
        Assert.Equal(3, _folder.Options("server: { port: 1 }", ["--server:port=3"], ("GATEWAY_SERVER__PORT", "2")).Server.Port);

    [Fact]
    public void WhatALaterSourceLeavesOutStays()
    {
        var options = _folder.Options(
            "server: { port: 1, max_connections: 7 }\nredis: { prefix: file }", ["--server:port=3"], ("GATEWAY_REDIS__PREFIX", "env"));

        Assert.Equal((3, 7, "env"), (options.Server.Port, options.Server.MaxConnections, options.Redis.Prefix));
    }

    [Theory]
    [InlineData("--config-file=other.yaml")]
    [InlineData("--config-file", "other.yaml")]
    public void NamedFileStandsInForTheDefaultOne(params string[] arguments)
    {
        _folder.Write("other.yaml", "server: { port: 9 }");

        var loaded = Assert.IsType<ConfigurationResult.Loaded>(_folder.Load("server: { port: 1, max_connections: 5 }", arguments));

        Assert.Equal((9, 100_000), (loaded.Options.Server.Port, loaded.Options.Server.MaxConnections));
    }

    [Fact]
    public void FileMayBeNamedByItsFullPath()
    {
        var path = _folder.Write("elsewhere/mine.yaml", "raw: { path: /mine }");

        Assert.Equal("/mine", _folder.Options(null, ["--config-file", path]).Raw.Path);
    }

    [Fact]
    public void CommandLineValueMayFollowAsTheNextArgument()
    {
        var options = _folder.Options(null, ["--server:port", "8081", "--metrics:enabled", "false"]);

        Assert.Equal((8081, false), (options.Server.Port, options.Metrics.Enabled));
    }

    [Fact]
    public void LastOfRepeatedOptionsCounts() =>
        Assert.Equal(2, _folder.Options(null, ["--server:port=1", "--server:port=2"]).Server.Port);

    [Fact]
    public void ValueMayHoldAnEqualsSign() =>
        Assert.Equal(["h:1,password=a=b"], _folder.Options(null, ["--redis:connection=h:1,password=a=b"]).Redis.Connection);

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n...\n")]
    [InlineData("server:\n  # port: 1\nraw:\n")]
    public void EmptyFileOrSectionLeavesTheDefaults(string yaml) => Assert.Equal(8080, _folder.Options(yaml).Server.Port);

    [Fact]
    public void AnchorsAndMergesAreUnderstood()
    {
        var options = _folder.Options("""
            messages:
              custom:
                typing: &ephemeral { publish: members, on_full: latest }
                cursor: *ephemeral
                alert: { <<: *ephemeral, publish: server }
            """);

        Assert.Equal(SlowConsumerPolicy.Latest, options.Messages.Custom["cursor"].OnFull);
        var alert = options.Messages.Custom["alert"];
        Assert.Equal((PublishRight.Server, SlowConsumerPolicy.Latest), (alert.Publish, alert.OnFull));
    }

    [Theory]
    [InlineData("GATEWAY_", "")]
    [InlineData("GATEWAY_HOME", "/srv")]
    [InlineData("GATEWAY_SERVICE_HOST", "10.0.0.1")]
    [InlineData("GATEWAY_SERVICE_PORT_HTTP", "80")]
    [InlineData("GATEWAY_PORT", "tcp://10.0.0.1:80")]
    [InlineData("GATEWAY_PORT_80_TCP_ADDR", "10.0.0.1")]
    [InlineData("GATEWAY_REDIS_PORT_6379_TCP", "tcp://10.0.0.2:6379")]
    [InlineData("PATH", "/bin")]
    public void VariablesThatAreNoSettingsAreLeftAlone(string variable, string value) =>
        Assert.Equal(8080, _folder.Options(null, [], (variable, value)).Server.Port);

    [Theory]
    [InlineData("--help", "--server:port=8080")]
    [InlineData("-h", "--config-file")]
    [InlineData("--version", "gateway ")]
    public void HelpAndVersionArePrintedWhateverElseIsWrong(string argument, string expected)
    {
        var printed = Assert.IsType<ConfigurationResult.Text>(_folder.Load("not: [valid", ["--no:such=key", argument]));

        Assert.Contains(expected, printed.Content);
    }
}
