using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Commands;

/// <summary>What members are told of one another: it is heard by those who are there, and takes nothing from what was said.</summary>
public sealed class AnnouncementTests : IDisposable
{
    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Theory]
    [InlineData(FrameFormat.RawWebSocket)]
    [InlineData(FrameFormat.SignalRRecord)]
    internal async Task AnnouncementsTakeNoOffsetsAndPushNothingOutOfTheHistory(FrameFormat format)
    {
        var ada = await _core.ConnectAsync(["announced"], "ada", format);
        await ada.DoAsync("chat", """{"room":"announced","content":"one"}""");

        var bob = await _core.ConnectAsync(["announced"], "bob");
        for (var i = 0; i < 60; i++) await bob.DoAsync("presence", $$"""{"status":"s{{i}}"}""");
        for (var i = 0; i < 30; i++)
        {
            await bob.DoAsync("leave", """{"room":"announced"}""");
            await bob.DoAsync("join", """{"room":"announced"}""");
        }
        await ada.DoAsync("chat", """{"room":"announced","content":"two"}""");

        await ada.HasAsync("chat", 2);
        Assert.Equal([1, 2], ada.OffsetsOf("chat"));
        Assert.Equal(60, ada.PayloadsOf("presence").Count);
        Assert.Equal(61, ada.PayloadsOf("system").Count);
        Assert.All(
            ada.PayloadsOf("presence").Concat(ada.PayloadsOf("system")),
            payload => Assert.DoesNotContain("offset", payload, StringComparison.Ordinal));
        Assert.Contains(
            """{"offset":1,"type":"chat",""", await ada.DoAsync("history", """{"room":"announced"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusIsShownOnlyInRoomsInWhichItsUserMayPublish()
    {
        var (ada, bob) = (await _core.ConnectAsync(["r", "served"], "ada"), await _core.ConnectAsync(["r", "served"], "bob"));

        await bob.DoAsync("presence", """{"status":"free text"}""");
        await bob.DoAsync("chat", """{"room":"r","content":"fence"}""");

        await ada.HasAsync("chat", 1);
        Assert.Equal(["""{"room":"r","user_id":"bob","username":"BOB","status":"free text"}"""], ada.PayloadsOf("presence"));
        Assert.Contains("free text", await ada.DoAsync("presence", """{"room":"r"}"""), StringComparison.Ordinal);
        Assert.DoesNotContain("free text", await ada.DoAsync("presence", """{"room":"served"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusThatNoRoomWouldHearIsRefused()
    {
        var (ada, mod) = (await _core.ConnectAsync(["served"], "ada"), await _core.ConnectAsync(["r"], "mod", roles: "moderator"));
        Assert.Equal("403: only the server publishes in room served", await ada.FailAsync("presence", """{"status":"x"}"""));

        await ada.DoAsync("join", """{"room":"r"}""");
        await ada.DoAsync("presence", """{"status":"x"}""");
        await mod.DoAsync("mute", """{"user_id":"ada","room":"r","duration":"1m"}""");
        await ada.DoAsync("leave", """{"room":"served"}""");
        Assert.Equal("403: muted in room r", await ada.FailAsync("presence", """{"status":"y"}"""));
    }

    [Fact]
    public async Task RoomInWhichTheUserIsMutedNeitherHearsNorListsItsStatus()
    {
        var (mod, ada) = (
            await _core.ConnectAsync(["r", "other"], "mod", roles: "moderator"), await _core.ConnectAsync(["r", "other"], "ada"));
        await mod.DoAsync("mute", """{"user_id":"ada","room":"r","duration":"1m"}""");

        await ada.DoAsync("presence", """{"status":"free text"}""");
        await ada.DoAsync("chat", """{"room":"other","content":"fence"}""");

        await mod.HasAsync("chat", 1);
        Assert.Equal(["""{"room":"other","user_id":"ada","username":"ADA","status":"free text"}"""], mod.PayloadsOf("presence"));
        Assert.Contains("free text", await mod.DoAsync("presence", """{"room":"other"}"""), StringComparison.Ordinal);
        Assert.DoesNotContain("free text", await mod.DoAsync("presence", """{"room":"r"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusesOfOneUserAreBoundedOnAllItsConnectionsTogether()
    {
        using var core = new TestCore(announcements: 3);
        var (one, two, bob) = (
            await core.ConnectAsync(["r"], "ada"), await core.ConnectAsync(["r"], "ada"), await core.ConnectAsync(["r"], "bob"));

        foreach (var connection in new[] { one, two, one }) await connection.DoAsync("presence", """{"status":"x"}""");
        foreach (var connection in new[] { one, two })
        {
            var error = (await connection.SendAsync("presence", """{"status":"x"}""")).Error!;
            Assert.Equal((429, TimeSpan.FromSeconds(10)), (error.Code, error.RetryAfter));
        }
        await bob.DoAsync("presence", """{"status":"x"}""");
        await one.DoAsync("presence", """{"room":"r"}"""); // asking costs nothing of it
        core.Time.Advance(TimeSpan.FromSeconds(10));
        await two.DoAsync("presence", """{"status":"x"}""");
    }

    [Fact]
    public async Task MembersAreToldWhenAnnouncementsMayHaveBeenLost()
    {
        var ada = await _core.ConnectAsync(["announced", "metrics"], "ada");
        var receiver = new Core.Broadcast.BackplaneReceiver(
            _core.FanOut, _core.Connections, _core.Rooms, _core.Membership, new NoClients(),
            new Core.Broadcast.SystemMessages(AreSent: true));

        receiver.OnAnnouncementsLost("metrics"); // which has no presence
        receiver.OnAnnouncementsLost("announced");

        await ada.HasAsync("system", 1);
        Assert.Equal(["""{"event":"presence_reset","room":"announced"}"""], ada.PayloadsOf("system"));
    }
}
