using System.Text.Json;
using Gateway.Core.Messages;
using Gateway.Core.Tests.Wire;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Commands;

public sealed class CommandTests : IDisposable
{
    private const string Now = "2026-02-03T04:05:06.789Z";

    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Fact]
    public async Task ChatReachesEveryMemberWithItsOffsetAndTheSenderHearsIt()
    {
        var (ada, bob) = (await _core.ConnectAsync(["lobby"], "ada"), await _core.ConnectAsync(["lobby"], "bob"));

        Assert.Equal(
            "{\"offset\":1}", await ada.DoAsync("chat", """{"content":"hi \u00e9","message_id":"m","offset":99,"user_id":"eve"}"""));
        await Task.WhenAll(ada.HasAsync("chat", 1), bob.HasAsync("chat", 1));

        var expected =
            $$"""{"room":"lobby","user_id":"ada","username":"ADA","content":"hi é","time":"{{Now}}","message_id":"m","offset":1}""";
        Assert.Equal([expected], ada.PayloadsOf("chat"));
        Assert.Equal([expected], bob.PayloadsOf("chat"));
    }

    [Fact]
    public async Task SenderDoesNotHearItselfWhereTheRoomDoesNotEcho()
    {
        var (ada, bob) = (await _core.ConnectAsync(["silent", "lobby"]), await _core.ConnectAsync(["silent"]));

        await ada.DoAsync("chat", """{"room":"silent","content":"a"}""");
        await ada.DoAsync("chat", """{"content":"b"}""");
        await Task.WhenAll(ada.HasAsync("chat", 1), bob.HasAsync("chat", 1));

        Assert.Contains("\"content\":\"b\"", Assert.Single(ada.PayloadsOf("chat")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chat", "{}", "400: content is missing")]
    [InlineData("chat", "\"hi\"", "400: payload must be an object")]
    [InlineData("chat", "{\"content\":\"\\ud83d\"}", "400: content holds half a surrogate pair")]
    [InlineData("chat", "{\"content\":\"a\",\"message_id\":5}", "400: message_id must be a string")]
    [InlineData("chat", "{\"content\":\"a\",\"room\":\"\"}", "400: room must not be empty")]
    [InlineData("chat", "{\"content\":\"a\",\"room\":\"elsewhere\"}", "403: not in room elsewhere")]
    [InlineData("chat", "{\"content\":\"a\",\"room\":\"metrics\"}", "403: only the server publishes in room metrics")]
    [InlineData("join", "{}", "400: room is missing")]
    [InlineData("join", "null", "400: room is missing")]
    [InlineData("join", "{\"room\":null}", "400: room is missing")]
    [InlineData("join", "{\"room\":\"a b\"}", "400: room must not contain white space, control characters or *")]
    [InlineData("leave", "{\"room\":\"elsewhere\"}", "404: not in room elsewhere")]
    [InlineData("direct", "{\"content\":\"a\"}", "400: to is missing")]
    [InlineData("direct", "{\"to\":\"\",\"content\":\"a\"}", "400: to must not be empty")]
    [InlineData("direct", "{\"to\":\"nobody\",\"content\":\"a\"}", "404: user nobody is not connected")]
    [InlineData("presence", "{\"room\":\"elsewhere\"}", "403: not in room elsewhere")]
    [InlineData("presence", "{\"room\":\"metrics\"}", "403: room metrics does not list its members")]
    [InlineData("presence", "{\"status\":\"\"}", "400: status must not be empty")]
    [InlineData("presence", "{\"status\":\"away\",\"room\":\"lobby\"}", "400: a status holds in all rooms: leave room out")]
    [InlineData("presence", "[1]", "400: payload must be an object")]
    [InlineData("cursor", "{\"room\":\"elsewhere\"}", "403: not in room elsewhere")]
    [InlineData("cursor", "{\"offset\":1}", "400: offset is assigned by the gateway: leave it out")]
    [InlineData("cursor", "{\"a\":1,\"a\":2}", "400: a field appears twice")]
    [InlineData("cursor", "{\"a\":\"\\ud83d\"}", "400: a string holds half a surrogate pair")]
    [InlineData("notice", "{}", "403: only the server sends notice")]
    [InlineData("nonsense", "{}", "400: unknown message type: nonsense")]
    [InlineData("Chat", "{}", "400: unknown message type: Chat")]
    [InlineData("", "{}", "400: unknown message type: ")]
    [InlineData("welcome", "{}", "400: unknown message type: welcome")]
    public async Task WhatCannotBeDoneIsRefusedWithAReason(string type, string payload, string error)
    {
        var ada = await _core.ConnectAsync(["lobby", "metrics"]);

        Assert.Equal(error, await ada.FailAsync(type, payload));
    }

    [Fact]
    public async Task TextsHaveALongestLength()
    {
        var ada = await _core.ConnectAsync(["lobby"]);

        Assert.Equal("400: room is longer than 128 characters", await ada.FailAsync("join", $$"""{"room":"{{new string('r', 129)}}"}"""));
        Assert.Equal(
            "400: message_id is longer than 128 characters",
            await ada.FailAsync("chat", $$"""{"content":"","message_id":"{{new string('m', 129)}}"}"""));
        Assert.Equal(
            "400: status is longer than 64 characters", await ada.FailAsync("presence", $$"""{"status":"{{new string('s', 65)}}"}"""));
        Assert.Equal(
            "400: to is longer than 256 characters", await ada.FailAsync("direct", $$"""{"to":"{{new string('t', 257)}}","content":""}"""));
        Assert.Equal("400: type is too long", await ada.FailAsync(new string('t', 300), "{}"));
    }

    [Fact]
    public async Task JoinTellsThePositionAndLeaveEndsDelivery()
    {
        var (ada, bob) = (await _core.ConnectAsync(["r", "lobby"]), await _core.ConnectAsync(["r", "lobby"]));
        await ada.DoAsync("chat", """{"room":"r","content":"a"}""");

        using var joined = JsonDocument.Parse(await ada.DoAsync("join", """{"room":"r"}"""));
        Assert.Equal(("r", 1L), (joined.RootElement.GetProperty("room").GetString(), joined.RootElement.GetProperty("offset").GetInt64()));
        Assert.NotEqual("", joined.RootElement.GetProperty("epoch").GetString());
        Assert.Equal("{\"room\":\"r\"}", await bob.DoAsync("leave", """{"room":"r"}"""));
        await ada.HasAsync("chat", 1);
        await ada.DoAsync("chat", """{"room":"r","content":"b"}""");
        await ada.DoAsync("chat", """{"content":"c"}""");
        await ada.HasAsync("chat", 3);
        await Within.Until(
            () => bob.PayloadsOf("chat").Any(p => p.Contains("\"c\"", StringComparison.Ordinal)), "what is said in the lobby");

        Assert.DoesNotContain(bob.PayloadsOf("chat"), p => p.Contains("\"content\":\"b\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DirectReachesAllConnectionsOfAUserAndNobodyElse()
    {
        var (ada, bob, bobToo) = (
            await _core.ConnectAsync(["lobby"], "ada"), await _core.ConnectAsync([], "bob"), await _core.ConnectAsync(["lobby"], "bob"));

        Assert.Equal("""{"connections":2}""", await ada.DoAsync("direct", """{"to":"bob","content":"psst"}"""));
        await Task.WhenAll(bob.HasAsync("direct", 1), bobToo.HasAsync("direct", 1));

        Assert.Equal([$$"""{"to":"bob","user_id":"ada","username":"ADA","content":"psst","time":"{{Now}}"}"""], bob.PayloadsOf("direct"));
        Assert.Empty(ada.PayloadsOf("direct"));
    }

    [Theory]
    [InlineData("""{"x":1,"sender":{"user_id":"eve"}}"""), InlineData("5")]
    public async Task MessageOfAnOwnTypeNamesItsSenderBesideThePayload(string payload)
    {
        var (ada, bob) = (
            await _core.ConnectAsync(["lobby"], "ada"), await _core.ConnectAsync(["lobby"], "bob", FrameFormat.SignalRRecord));

        await ada.DoAsync("cursor", payload);
        await Task.WhenAll(ada.HasAsync("cursor", 1), bob.HasAsync("cursor", 1));

        Assert.EndsWith(
            ""","sender":{"user_id":"ada","username":"ADA"}}""", Frames.ReadAll(ada.Sink.Written)[^1].Payload, StringComparison.Ordinal);
        Assert.EndsWith(
            ""","headers":{"sender_user_id":"ada","sender_username":"ADA"}}""" + "\u001e",
            System.Text.Encoding.UTF8.GetString(bob.Sink.Written), StringComparison.Ordinal);
        Assert.Equal(ada.PayloadsOf("cursor"), bob.PayloadsOf("cursor"));
        if (payload != "5")
            Assert.Contains(
                "\"sender\":{\"user_id\":\"ada\",\"username\":\"ADA\"}", await ada.DoAsync("history", "{}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PresenceListsEachUserOnceWithItsNewestStatus()
    {
        var ada = await _core.ConnectAsync(["r"], "ada");
        _core.Time.Advance(TimeSpan.FromSeconds(1));
        await _core.ConnectAsync(["r"], "ada");
        var bob = await _core.ConnectAsync(["r", "metrics"], "bob");

        Assert.Equal("{}", await bob.DoAsync("presence", """{"status":"away"}"""));
        await ada.HasAsync("presence", 1);
        var list = await ada.DoAsync("presence", """{"room":"r"}""");

        Assert.Equal("""{"room":"r","user_id":"bob","username":"BOB","status":"away"}""", Assert.Single(ada.PayloadsOf("presence")));
        Assert.Empty(bob.PayloadsOf("presence"));
        Assert.Equal(
            """{"room":"r","count":2,"members":["""
            + $$$"""{"user_id":"ada","username":"ADA","status":"online","connected_at":"{{{Now}}}","connections":2},"""
            + """{"user_id":"bob","username":"BOB","status":"away","connected_at":"2026-02-03T04:05:07.789Z","connections":1}]}""",
            list);
    }

    [Theory]
    [InlineData("null"), InlineData("{}"), InlineData("[1,2]"), InlineData("\"x\"")]
    public async Task PingIsAnsweredWhateverItCarries(string payload)
    {
        var ada = await _core.ConnectAsync([]);

        Assert.Equal($$"""{"time":"{{Now}}"}""", await ada.DoAsync("ping", payload));
        Assert.Equal("pong", (await ada.SendAsync("ping", payload)).ReplyType);
    }

    [Theory]
    [InlineData(" {\"x\": 1.50, \"s\":\"\\u00e9\"} ", "{\"x\": 1.50, \"s\":\"\\u00e9\",\"offset\":1}")]
    [InlineData("{}", "{\"offset\":1}")]
    [InlineData("[1,2]", "[1,2]")]
    [InlineData("null", "null")]
    [InlineData("\"text\"", "\"text\"")]
    public async Task CustomPayloadIsPassedOnAsItIs(string payload, string received)
    {
        var (ada, bob) = (await _core.ConnectAsync(["lobby"]), await _core.ConnectAsync(["lobby"]));

        Assert.Equal("{\"offset\":1}", await ada.DoAsync("cursor", payload));
        await bob.HasAsync("cursor", 1);

        Assert.Equal([received], bob.PayloadsOf("cursor"));
    }

    [Fact]
    public async Task CustomPayloadThatIsNotUtf8ReachesNobody()
    {
        var ada = await _core.ConnectAsync(["lobby"]);

        var outcome = await _core.Router.ExecuteAsync(ada.Connection, "cursor"u8, [(byte)'"', 0xff, (byte)'"']).Bounded();

        Assert.Equal(Error.BadRequest("not UTF-8"), outcome.Error);
    }
}
