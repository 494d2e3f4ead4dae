namespace Gateway.Core.Tests.Broadcast;

public sealed class RoomAdmissionTests
{
    [Fact]
    public async Task UserIsInNoMoreRoomsThanAllowedOnAllItsConnectionsTogether()
    {
        using var core = new TestCore(maxPerUser: 6);
        var (one, two) = (await core.ConnectAsync(["a", "b", "c"], "ada"), await core.ConnectAsync(["a", "b"], "ada"));
        var bob = await core.ConnectAsync(["a"], "bob");

        await two.DoAsync("join", """{"room":"d"}""");
        foreach (var connection in new[] { one, two })
            Assert.Equal(
                "403: a user may be in 6 rooms, on all its connections together", await connection.FailAsync("join", """{"room":"e"}"""));
        await two.DoAsync("join", """{"room":"d"}"""); // is in it
        await bob.DoAsync("join", """{"room":"e"}""");
        await one.DoAsync("leave", """{"room":"c"}""");
        await two.DoAsync("join", """{"room":"e"}""");
    }

    [Fact]
    public async Task UserWithOneConnectionIsInNoMoreRoomsThanAllowed()
    {
        using var core = new TestCore(maxPerUser: 2);
        var ada = await core.ConnectAsync(["a", "b"], "ada");

        Assert.Equal("403: a user may be in 2 rooms, on all its connections together", await ada.FailAsync("join", """{"room":"c"}"""));
    }

    [Fact]
    public async Task HubHasNoMoreRoomsThanAllowed()
    {
        using var core = new TestCore(maxRooms: 3);
        var (ada, bob) = (await core.ConnectAsync(["a", "b"], "ada"), await core.ConnectAsync(["a", "c"], "bob"));

        Assert.Equal("503: too many rooms", await ada.FailAsync("join", """{"room":"d"}"""));
        await ada.DoAsync("join", """{"room":"c"}""");
        Assert.Equal(3, core.Rooms.Count);
        await ada.DoAsync("leave", """{"room":"b"}""");
        await bob.DoAsync("join", """{"room":"d"}""");
    }
}
