using Gateway.Core.Messages;
using Gateway.Core.Tests.Broadcast;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Commands;

public sealed class CommandRouterTests
{
    [Fact]
    public async Task UnknownTypeIsRelayedToTheRoomWhereThatIsAllowed()
    {
        using var core = new TestCore(relayUnknown: true);
        var (ada, bob) = (await core.ConnectAsync(["lobby", "r"]), await core.ConnectAsync(["lobby", "r"]));

        Assert.Equal("{\"offset\":1}", await ada.DoAsync("wave", """{"room":"r","hand":"left"}"""));
        Assert.Equal("{\"offset\":1}", await ada.DoAsync("wave", "5"));
        await bob.HasAsync("wave", 2);

        Assert.Equal(["5", """{"room":"r","hand":"left","offset":1}"""], bob.PayloadsOf("wave").Order(StringComparer.Ordinal));
        Assert.Equal("403: not in room elsewhere", await ada.FailAsync("wave", """{"room":"elsewhere"}"""));
        Assert.Equal("403: only the server sends notice", await ada.FailAsync("notice", "{}"));
    }

    [Theory]
    [InlineData(FrameFormat.RawWebSocket)]
    [InlineData(FrameFormat.SignalRWebSocket)]
    [InlineData(FrameFormat.SignalRRecord)]
    internal async Task ConnectionThatIsBeingClosedCanDoNothing(FrameFormat format)
    {
        using var core = new TestCore();
        var (ada, bob) = (await core.ConnectAsync(["lobby"], format: format), await core.ConnectAsync(["lobby"]));
        ada.Connection.Close(CloseReason.Banned);

        Assert.Equal("403: the connection is being closed", core.Router.Admit(ada.Connection)?.ToString());
        foreach (var type in new[] { "chat", "join", "leave", "presence", "unban", "unknown" })
            Assert.Equal("403: the connection is being closed", await ada.FailAsync(type, """{"room":"lobby","content":"a"}"""));

        await bob.DoAsync("chat", """{"content":"b"}""");
        await bob.HasAsync("chat", 1);
        Assert.Contains("\"content\":\"b\"", Assert.Single(bob.PayloadsOf("chat")), StringComparison.Ordinal);
    }

    public static TheoryData<string> TypesOfTheServer => [.. MessageType.ServerTypes];

    /// <summary>SignalR clients match targets without regard to case.</summary>
    [Theory, MemberData(nameof(TypesOfTheServer))]
    public async Task NoClientPassesForTheGatewayInWhateverCase(string type)
    {
        using var core = new TestCore(relayUnknown: true);
        var ada = await core.ConnectAsync(["lobby"]);

        string[] spellings =
        [
            type, type.ToUpperInvariant(), char.ToUpperInvariant(type[0]) + type[1..], type[..^1] + char.ToUpperInvariant(type[^1])
        ];
        foreach (var written in spellings)
            Assert.Equal($"400: unknown message type: {written}", await ada.FailAsync(written, "{}"));
        Assert.Equal(["welcome"], ada.Received.Select(r => r.Type));
    }

    [Theory]
    [InlineData("ac\u212a")] // U+212A, which JavaScript's toLowerCase turns into a k
    [InlineData("wel\u0441ome"), InlineData("système"), InlineData("s y"), InlineData("typing\u0000"), InlineData("typing\u200b"),
    InlineData("cürsor"), InlineData("ŝystem"), InlineData("ſystem")]
    public async Task TypesAreOfASmallPartOfAscii(string type)
    {
        using var core = new TestCore(relayUnknown: true);
        var ada = await core.ConnectAsync(["lobby"]);

        Assert.Equal("400: type may only contain A-Z a-z 0-9 _ . : / -", await ada.FailAsync(type, "{}"));
    }

    [Theory]
    [InlineData("Chat"), InlineData("JOIN"), InlineData("Direct"), InlineData("Cursor"), InlineData("NOTICE")]
    public async Task KnownTypeInAnotherCaseIsNotRelayedAsATypeOfItsOwn(string type)
    {
        using var core = new TestCore(relayUnknown: true);
        var ada = await core.ConnectAsync(["lobby"]);

        Assert.Equal($"400: unknown message type: {type}", await ada.FailAsync(type, """{"content":"a"}"""));
        Assert.Equal(["welcome"], ada.Received.Select(r => r.Type));
    }

    [Theory]
    [InlineData("chat", "{\"content\":\"a\"}")]
    [InlineData("join", "{\"room\":\"r\"}")]
    [InlineData("direct", "{\"to\":\"a\",\"content\":\"a\"}")]
    [InlineData("presence", "{\"status\":\"away\"}")]
    [InlineData("cursor", "{}")]
    public async Task BackplaneThatIsAwayIsA503(string type, string payload)
    {
        var backplane = new WatchedBackplane();
        using var core = new TestCore(backplane);
        var ada = await core.ConnectAsync(["lobby"]);
        backplane.IsAway = true;

        Assert.Equal("503: the backplane is away, try again later", await ada.FailAsync(type, payload));
        Assert.True(ada.Connection.Outbox.IsOpen);
    }

    [Fact]
    public async Task PingIsAnsweredWhileTheBackplaneIsAway()
    {
        var backplane = new WatchedBackplane();
        using var core = new TestCore(backplane);
        var ada = await core.ConnectAsync(["lobby"]);
        backplane.IsAway = true;

        Assert.StartsWith("{\"time\":", await ada.DoAsync("ping", "null"), StringComparison.Ordinal);
        Assert.Equal("{\"room\":\"lobby\"}", await ada.DoAsync("leave", "{\"room\":\"lobby\"}"));
    }

    [Fact]
    public async Task FaultOfOursIsToldAsInternalAndNothingElse()
    {
        using var core = new TestCore(new FaultyBackplane());
        var ada = await core.ConnectAsync([]);

        Assert.Equal("500: internal error", await ada.FailAsync("direct", "{\"to\":\"a\",\"content\":\"a\"}"));
    }

    [Fact]
    public async Task WhoSendsTooMuchIsToldWhenToComeAgainAndOthersAreNot()
    {
        using var core = new TestCore(rateLimit: 3);
        var (ada, bob) = (await core.ConnectAsync(["lobby"]), await core.ConnectAsync(["lobby"]));
        for (var i = 0; i < 3; i++) Assert.Null(core.Router.Admit(ada.Connection));

        var refused = core.Router.Admit(ada.Connection);

        Assert.Equal((429, "too many messages"), (refused?.Code, refused?.Text));
        Assert.True(refused?.RetryAfter > TimeSpan.Zero);
        Assert.Null(core.Router.Admit(bob.Connection));
        core.Time.Advance(refused!.RetryAfter!.Value + TimeSpan.FromMilliseconds(1));
        Assert.Null(core.Router.Admit(ada.Connection));
        Assert.Equal(6, core.Meter.Received);
    }

    [Fact]
    public async Task WithoutALimitAnythingGoes()
    {
        using var core = new TestCore(rateLimit: 0);
        var ada = await core.ConnectAsync([]);

        for (var i = 0; i < 10_000; i++) Assert.Null(core.Router.Admit(ada.Connection));
    }
}
