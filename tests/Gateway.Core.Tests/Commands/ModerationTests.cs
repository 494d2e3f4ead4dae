using Gateway.Core.Moderation;

namespace Gateway.Core.Tests.Commands;

public sealed class ModerationTests : IDisposable
{
    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Fact]
    public async Task WhoeverIsNoModeratorMayDoNothingOfIt()
    {
        var ada = await _core.ConnectAsync(["team"], "ada", roles: ["member", "Moderator"]);

        foreach (var type in new[] { "mute", "unmute", "kick", "ban", "unban" })
            Assert.Equal("403: only moderators may do that", await ada.FailAsync(type, """{"user_id":"ada","duration":"1m"}"""));
    }

    [Fact]
    public async Task MutedUserSaysNothingInTheRoomAndIsToldForHowLong()
    {
        var (mod, ada) = (
            await _core.ConnectAsync(["team"], "mod", roles: "moderator"), await _core.ConnectAsync(["team", "other"], "ada"));

        Assert.Equal(
            """{"user_id":"ada","room":"team","until":"2026-02-03T04:06:06.789Z"}""",
            await mod.DoAsync("mute", """{"user_id":"ada","room":"team","duration":"1m"}"""));
        _core.Time.Advance(TimeSpan.FromSeconds(10));

        foreach (var type in new[] { "chat", "cursor" })
        {
            var error = (await ada.SendAsync(type, """{"room":"team","content":"x"}""")).Error!;
            Assert.Equal(("403: muted in room team", TimeSpan.FromSeconds(50)), (error.ToString(), error.RetryAfter));
        }
        await ada.DoAsync("chat", """{"room":"other","content":"x"}""");
        await ada.DoAsync("direct", """{"to":"mod","content":"x"}""");
        await mod.DoAsync("chat", """{"room":"team","content":"x"}""");
        foreach (var client in new[] { mod, ada })
        {
            await client.HasAsync("system", 1);
            Assert.Equal(
                ["""{"event":"muted","room":"team","user_id":"ada","until":"2026-02-03T04:06:06.789Z","offset":1}"""],
                client.PayloadsOf("system"));
        }
        _core.Time.Advance(TimeSpan.FromSeconds(51));
        await ada.DoAsync("chat", """{"room":"team","content":"x"}""");
    }

    [Fact]
    public async Task UserMutedEverywhereSaysNothingAtAll()
    {
        var (mod, ada) = (await _core.ConnectAsync(["team"], "mod", roles: "moderator"), await _core.ConnectAsync(["team"], "ada"));

        await mod.DoAsync("mute", """{"user_id":"ada","duration":"1h"}""");

        Assert.Equal("403: muted", await ada.FailAsync("chat", """{"room":"team","content":"x"}"""));
        Assert.Equal("403: muted", await ada.FailAsync("direct", """{"to":"mod","content":"x"}"""));
        Assert.Equal("403: muted", await ada.FailAsync("cursor", """{"room":"team"}"""));
        Assert.Equal("403: muted", await ada.FailAsync("presence", """{"status":"x"}"""));
        await ada.DoAsync("presence", """{"room":"team"}""");
        await ada.HasAsync("system", 1);
        Assert.Empty(mod.PayloadsOf("system"));
        Assert.Equal("404: user ada is not muted in room team", await mod.FailAsync("unmute", """{"user_id":"ada","room":"team"}"""));
        Assert.Equal("""{"user_id":"ada"}""", await mod.DoAsync("unmute", """{"user_id":"ada"}"""));
        await ada.DoAsync("chat", """{"room":"team","content":"x"}""");
        await ada.HasAsync("system", 2);
        Assert.Equal("""{"event":"unmuted","user_id":"ada"}""", ada.PayloadsOf("system")[1]);
    }

    [Fact]
    public async Task KickedOutOfARoomTheUserIsToldAndTheRoomToo()
    {
        var (mod, ada, again) = (
            await _core.ConnectAsync(["team"], "mod", roles: "moderator"), await _core.ConnectAsync(["team", "other"], "ada"),
            await _core.ConnectAsync(["team"], "ada"));

        Assert.Equal("""{"connections":2}""", await mod.DoAsync("kick", """{"user_id":"ada","room":"team"}"""));

        Assert.Equal("403: not in room team", await ada.FailAsync("chat", """{"room":"team","content":"x"}"""));
        await ada.DoAsync("chat", """{"room":"other","content":"x"}""");
        await mod.HasAsync("system", 1);
        Assert.Equal(["""{"event":"kicked","room":"team","user_id":"ada","offset":1}"""], mod.PayloadsOf("system"));
        foreach (var client in new[] { ada, again })
            Assert.Equal(["""{"event":"kicked","room":"team","user_id":"ada"}"""], client.PayloadsOf("system"));
        Assert.Equal("404: user ada is not in room team", await mod.FailAsync("kick", """{"user_id":"ada","room":"team"}"""));
        await ada.DoAsync("join", """{"room":"team"}""");
    }

    [Fact]
    public async Task KickedUserOrConnectionIsClosed()
    {
        var (mod, ada, bob) = (
            await _core.ConnectAsync(["team"], "mod", roles: "moderator"), await _core.ConnectAsync(["team"], "ada"),
            await _core.ConnectAsync(["team"], "bob"));

        Assert.Equal("""{"connections":1}""", await mod.DoAsync("kick", """{"user_id":"ada"}"""));
        Assert.Equal("""{"connections":1}""", await mod.DoAsync("kick", $$"""{"connection_id":"{{bob.Connection.Id}}"}"""));

        Assert.False(ada.Connection.Outbox.IsOpen);
        Assert.False(bob.Connection.Outbox.IsOpen);
        Assert.True(mod.Connection.Outbox.IsOpen);
        Assert.Equal("404: user nobody is not connected", await mod.FailAsync("kick", """{"user_id":"nobody"}"""));
    }

    [Fact]
    public async Task BannedUserIsShownOutAndLetInNoMore()
    {
        var (mod, ada) = (await _core.ConnectAsync(["team"], "mod", roles: "moderator"), await _core.ConnectAsync(["team"], "ada"));
        var late = _core.Client("ada");

        Assert.Equal(
            """{"user_id":"ada","until":"2026-02-03T05:05:06.789Z"}""", await mod.DoAsync("ban", """{"user_id":"ada","duration":"1h"}"""));

        Assert.False(ada.Connection.Outbox.IsOpen);
        Assert.Equal("403: banned until 2026-02-03T05:05:06Z", _core.AdmissionPolicy.Check(late.Connection.User, isNew: true)!.ToString());
        Assert.Equal("banned", _core.AdmissionPolicy.Check(late.Connection)!.Text);
        Assert.Equal("""{"user_id":"ada"}""", await mod.DoAsync("unban", """{"user_id":"ada"}"""));
        Assert.Null(_core.AdmissionPolicy.Check(late.Connection.User, isNew: true));
        Assert.Equal("""{"user_id":"ada"}""", await mod.DoAsync("ban", """{"user_id":"ada"}"""));
        Assert.Equal("404: user bob is not banned", await mod.FailAsync("unban", """{"user_id":"bob"}"""));
    }

    [Fact]
    public async Task RevocationClosesAndTokensFromBeforeDoNotCount()
    {
        var ada = await _core.ConnectAsync(["team"], "ada");
        var now = _core.Time.GetUtcNow();
        Assert.False(_core.AdmissionPolicy.IsRevoked("ada", now));

        await _core.Moderator.RevokeAsync("ada", "test");

        Assert.False(ada.Connection.Outbox.IsOpen);
        Assert.True(_core.AdmissionPolicy.IsRevoked("ada", now.AddSeconds(-1)));
        Assert.True(_core.AdmissionPolicy.IsRevoked("ada", now));
        Assert.False(_core.AdmissionPolicy.IsRevoked("ada", now.AddSeconds(1)));
        Assert.Null(_core.AdmissionPolicy.Check(ada.Connection.User, isNew: true));
    }

    [Theory]
    [InlineData("mute", """{"duration":"1m"}""", "400: user_id is missing")]
    [InlineData("mute", """{"user_id":"","duration":"1m"}""", "400: user_id must not be empty")]
    [InlineData("mute", """{"user_id":"a"}""", "400: duration is missing")]
    [InlineData("mute", """{"user_id":"a","duration":60}""", "400: duration must be a string")]
    [InlineData(
        "mute", """{"user_id":"a","duration":"1d"}""", "400: duration must be a time from 1s to 8784h, written like 30s, 10m or 1h")]
    [InlineData("mute", """{"user_id":"a","duration":"0"}""", "400: duration must be a time from 1s to 8784h, written like 30s, 10m or 1h")]
    [InlineData(
        "mute", """{"user_id":"a","room":"a b","duration":"1m"}""", "400: room must not contain white space, control characters or *")]
    [InlineData(
        "ban", """{"user_id":"a","duration":"9000h"}""", "400: duration must be a time from 1s to 8784h, written like 30s, 10m or 1h")]
    [InlineData("kick", """{"room":"a"}""", "400: either user_id or connection_id must be given")]
    [InlineData("kick", """{"user_id":"a","connection_id":"b"}""", "400: either user_id or connection_id must be given")]
    public async Task WrongOrderIsToldWhatIsWrong(string type, string payload, string expected)
    {
        var mod = await _core.ConnectAsync(["team"], "mod", roles: "moderator");

        Assert.Equal(expected, await mod.FailAsync(type, payload));
        Assert.Null(_core.Restrictions.Find(RestrictionKind.Ban, "a"));
    }

    [Fact]
    public async Task OfSeveralConnectionsOfAUserThoseTooManyGo()
    {
        using var restrictions = new InProcessRestrictionStore(_core.Supervisor, _core.Time);
        var admission = new AdmissionPolicy(_core.Connections, restrictions, maxPerUser: 2);
        var clients =
            new[]
            {
                await _core.ConnectAsync(["team"], "ada"),
                await _core.ConnectAsync(["team"], "ada"),
                await _core.ConnectAsync(["team"], "ada")
            };

        Assert.Equal([null, null, "too many connections of this user"], clients.Select(c => admission.Check(c.Connection)?.Text));
        Assert.Equal(503, admission.Check(clients[0].Connection.User, isNew: true)?.Code);
        Assert.Null(admission.Check(_core.Client("bob").Connection.User, isNew: true));
    }
}
