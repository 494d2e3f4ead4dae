using Gateway.AspNetCore.Options;
using Gateway.Core.Messages;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gateway.Tests.Configuration;

public sealed class ValueTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    public void TimesAreAWholeNumberAndAUnit(string text, int milliseconds) => Assert.Equal(
        TimeSpan.FromMilliseconds(milliseconds),
        _folder.Options($"server: {{ shutdown_timeout: {text} }}").Server.ShutdownTimeout);

    [Theory]
    [InlineData("10")]
    [InlineData("-1s")]
    [InlineData("1.5s")]
    [InlineData("10 s")]
    [InlineData("1d")]
    [InlineData("s")]
    [InlineData("61m")]
    [InlineData("99999999999h")]
    [InlineData("00:00:10")]
    [InlineData("")]
    public void OtherTimesAreRefused(string text) => Assert.Equal(
        [
            $"server.shutdown_timeout: \"{text}\" is not allowed; "
                + "allowed: a time from 0 to 1h, written like 500ms, 10s, 5m or 1h (config/gateway.yaml:1)",
        ],
        _folder.Errors($"server: {{ shutdown_timeout: '{text}' }}"));

    [Theory]
    [InlineData("disconnect", SlowConsumerPolicy.Disconnect)]
    [InlineData("drop_oldest", SlowConsumerPolicy.DropOldest)]
    [InlineData("drop_newest", SlowConsumerPolicy.DropNewest)]
    [InlineData("latest", SlowConsumerPolicy.Latest)]
    public void PoliciesAreWrittenInSnakeCase(string text, SlowConsumerPolicy policy) =>
        Assert.Equal(policy, _folder.Options($"outbox: {{ on_full: {text} }}").Outbox.OnFull);

    [Theory]
    [InlineData("trace", LogLevel.Trace)]
    [InlineData("information", LogLevel.Information)]
    [InlineData("none", LogLevel.None)]
    public void LogLevelsAreTheFrameworksInLowerCase(string text, LogLevel level) =>
        Assert.Equal(level, _folder.Options(null, ["--logging:level=" + text]).Logging.Level);

    [Fact]
    public void ListsComeAsYamlCommasOrByIndex()
    {
        Assert.Equal(["a", "b"], _folder.Options("rooms: { auto_join: [a, b] }").Rooms.AutoJoin);
        Assert.Equal(["c", "d"], _folder.Options(null, [], ("GATEWAY_ROOMS__AUTO_JOIN", "c, d")).Rooms.AutoJoin);
        Assert.Equal(["e", "f"], _folder.Options(null, ["--rooms:auto_join:1=f", "--rooms:auto_join:0=e"]).Rooms.AutoJoin);
        Assert.Equal(["*"], _folder.Options("server: { allowed_origins: '*' }").Server.AllowedOrigins);
    }

    [Fact]
    public void EmptyTextIsAnEmptyList() => Assert.Empty(_folder.Options(null, [], ("GATEWAY_ROOMS__AUTO_JOIN", "")).Rooms.AutoJoin);

    [Fact]
    public void ListReplacesTheOneBelowItAsAWhole() =>
        Assert.Equal(["c"], _folder.Options("rooms: { auto_join: [a, b] }", ["--rooms:auto_join:0=c"]).Rooms.AutoJoin);

    [Fact]
    public void IndexesWithAGapAreRefused() =>
        Assert.Contains("indexes count from 0 without a gap", Assert.Single(_folder.Errors(null, ["--rooms:auto_join:1=a"])));

    [Fact]
    public void PoliciesOfTheFileReplaceTheDefaultOnes()
    {
        var policy = Assert.Single(_folder.Options("""
            rooms:
              policies:
                - { match: "game-*", publish: server, on_full: drop_oldest, echo: false }
            """).Rooms.Policies);

        Assert.Equal(
            ("game-*", PublishRight.Server, SlowConsumerPolicy.DropOldest, false, null),
            (policy.Match, policy.Publish, policy.OnFull, policy.Echo, policy.Presence));
    }

    [Fact]
    public void PoliciesCanComeByIndexFromTheEnvironment()
    {
        var policies = _folder.Options(
            null,
            [],
            ("GATEWAY_ROOMS__POLICIES__0__MATCH", "a"),
            ("GATEWAY_ROOMS__POLICIES__1__MATCH", "b"),
            ("GATEWAY_ROOMS__POLICIES__1__ECHO", "false")).Rooms.Policies;

        Assert.Equal([("a", null), ("b", false)], policies.Select(policy => (policy.Match, policy.Echo)));
    }

    [Fact]
    public void CustomMessagesOfSeveralSourcesAddUp()
    {
        var custom = _folder.Options(
            "messages: { custom: { typing: { on_full: latest }, Cursor.v2: } }",
            ["--messages:custom:alert:publish=server"],
            ("GATEWAY_MESSAGES__CUSTOM__TYPING__PUBLISH", "server")).Messages.Custom;

        Assert.Equal(["Cursor.v2", "alert", "typing"], custom.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((PublishRight.Server, SlowConsumerPolicy.Latest), (custom["typing"].Publish, custom["typing"].OnFull));
        Assert.Equal((PublishRight.Members, null), (custom["Cursor.v2"].Publish, custom["Cursor.v2"].OnFull));
    }

    [Theory]
    [InlineData("https://example.com")]
    [InlineData("http://localhost:3000")]
    [InlineData("http://[::1]:8080")]
    [InlineData("capacitor://localhost")]
    public void OriginsAreSchemeHostAndPort(string origin) =>
        Assert.Equal([origin], _folder.Options($"server: {{ allowed_origins: ['{origin}'] }}").Server.AllowedOrigins);
}
