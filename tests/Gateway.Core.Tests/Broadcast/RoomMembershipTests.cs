using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Broadcast;

public sealed class RoomMembershipTests
{
    private readonly WatchedBackplane _backplane = new();

    [Fact]
    public async Task RoomAndSubscriptionLastFromTheFirstMemberToTheLast()
    {
        using var core = new TestCore(_backplane);
        var (ada, bob) = (core.Client(), core.Client());

        await core.Membership.JoinAsync(ada.Connection, "r").Bounded();
        await core.Membership.JoinAsync(bob.Connection, "r").Bounded();
        Assert.True(await core.Membership.LeaveAsync(ada.Connection, "r").Bounded());
        Assert.Equal((1, "r"), (core.Rooms.Count, Assert.Single(_backplane.Subscribed)));
        Assert.True(await core.Membership.LeaveAsync(bob.Connection, "r").Bounded());

        AssertNothingIsLeft(core);
        Assert.False(await core.Membership.LeaveAsync(bob.Connection, "r").Bounded());
    }

    [Fact]
    public async Task JoiningTwiceChangesNothing()
    {
        using var core = new TestCore(_backplane);
        var ada = core.Client();
        await core.Membership.JoinAsync(ada.Connection, "r").Bounded();
        await core.Publisher.PublishAsync(Audience.Room("r"), new Message("chat", "1"u8.ToArray())).Bounded();

        var (error, position, _) = await core.Membership.JoinAsync(ada.Connection, "r").Bounded();

        Assert.Null(error);
        Assert.Equal(1, position.Offset);
        Assert.Equal(1, core.Rooms.Find("r")!.Members.Count);
        await core.Membership.LeaveAsync(ada.Connection, "r").Bounded();
        AssertNothingIsLeft(core);
    }

    [Theory]
    [InlineData("", "room must not be empty")]
    [InlineData("a b", "room must not contain white space, control characters or *")]
    [InlineData("a*", "room must not contain white space, control characters or *")]
    [InlineData("a\u0000", "room must not contain white space, control characters or *")]
    public async Task NameThatIsNoneIsRefused(string name, string message)
    {
        using var core = new TestCore(_backplane);

        Assert.Equal(Error.BadRequest(message), (await core.Membership.JoinAsync(core.Client().Connection, name).Bounded()).Error);
        AssertNothingIsLeft(core);
    }

    [Fact]
    public async Task ConnectionMayBeInSoManyRooms()
    {
        using var core = new TestCore(_backplane);
        var ada = core.Client().Connection;
        for (var i = 0; i < TestCore.MaxRooms; i++) Assert.Null((await core.Membership.JoinAsync(ada, "r" + i).Bounded()).Error);

        Assert.Equal(403, (await core.Membership.JoinAsync(ada, "more").Bounded()).Error?.Code);

        await core.Membership.LeaveAsync(ada, "r0").Bounded();
        Assert.Null((await core.Membership.JoinAsync(ada, "more").Bounded()).Error);
    }

    [Fact]
    public async Task OthersHearWhoJoinsAndLeavesWhereTheRoomSaysSo()
    {
        using var core = new TestCore(_backplane);
        var ada = await core.ConnectAsync(["announced", "r"], "ada");
        var bob = await core.ConnectAsync(["announced", "r"], "bob");
        await bob.DoAsync("leave", "{\"room\":\"announced\"}");
        await bob.DoAsync("leave", "{\"room\":\"r\"}");
        await ada.HasAsync("system", 2);

        Assert.Equal(["join", "leave"], ada.Received.Where(r => r.Type == "system" && r.Payload.GetProperty("user_id").GetString() == "bob")
            .Select(r => r.Payload.GetProperty("event").GetString()));
        Assert.Empty(bob.PayloadsOf("system"));
    }

    [Fact]
    public async Task OthersHearOfAUserOnceAndNotWhenItIsSoonBack()
    {
        using var core = new TestCore(_backplane, grace: TimeSpan.FromMinutes(1));
        var watcher = await core.ConnectAsync(["announced"], "watcher");
        var (one, two) = (await core.ConnectAsync(["announced"], "ada"), await core.ConnectAsync(["announced"], "ada"));
        await core.Lifecycle.OnDisconnectedAsync(one.Connection).Bounded();
        await core.Lifecycle.OnDisconnectedAsync(two.Connection).Bounded();
        var back = await core.ConnectAsync(["announced"], "ada");
        await back.DoAsync("leave", "{\"room\":\"announced\"}");
        await watcher.HasAsync("system", 2);

        Assert.Equal(
            ["join", "leave"], watcher.Received.Where(r => r.Type == "system").Select(r => r.Payload.GetProperty("event").GetString()));
    }

    [Fact]
    public async Task RoomWithoutPresenceAndAnnouncementsKeepsNoPresence()
    {
        using var core = new TestCore(_backplane);
        await core.ConnectAsync(["metrics", "r"], "ada");

        Assert.Empty(await core.Presence.ListAsync("metrics").Bounded());
        Assert.Single(await core.Presence.ListAsync("r").Bounded());
    }

    [Fact]
    public async Task JoinThatFailsLeavesNothingBehindAndCanBeTriedAgain()
    {
        using var core = new TestCore(_backplane);
        var ada = core.Client().Connection;
        _backplane.IsAway = true;
        await Assert.ThrowsAsync<BackplaneException>(() => core.Membership.JoinAsync(ada, "r").Bounded());
        Assert.Equal((0, 0), (core.Rooms.Count, ada.Rooms.Count));

        _backplane.IsAway = false;
        Assert.Null((await core.Membership.JoinAsync(ada, "r").Bounded()).Error);
        Assert.Equal(0, _backplane.Unbalanced);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task LeavingWhileJoiningEndsOutside(bool connectionEnds)
    {
        using var core = new TestCore(_backplane);
        var ada = core.Client().Connection;
        var endpoint = new TaskCompletionSource();
        _backplane.Gate = endpoint.Task;
        var join = core.Membership.JoinAsync(ada, "r").AsTask();

        if (connectionEnds) await core.Membership.LeaveAllAsync(ada).Bounded();
        else Assert.True(await core.Membership.LeaveAsync(ada, "r").Bounded());
        endpoint.SetResult();
        await join.Bounded();

        AssertNothingIsLeft(core);
        Assert.Equal(connectionEnds ? 404 : null, (await core.Membership.JoinAsync(ada, "r").Bounded()).Error?.Code);
    }

    [Fact]
    public async Task ManyThatJoinAndLeaveAtOnceLeaveNothingBehind()
    {
        using var core = new TestCore(_backplane);
        var connections = Enumerable.Range(0, 6).Select(_ => core.Client().Connection).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 5000; i++)
            {
                var (connection, room) = (connections[random.Next(connections.Length)], "r" + random.Next(3));
                if (random.Next(2) == 0) await core.Membership.JoinAsync(connection, room);
                else await core.Membership.LeaveAsync(connection, room);
            }
        }))).Bounded();
        var insideAtTheEnd = connections.Sum(c => c.Rooms.Count);
        Assert.Equal(insideAtTheEnd, Enumerable.Range(0, 3).Sum(i => core.Rooms.Find("r" + i)?.Members.Count ?? 0));
        Assert.Equal(insideAtTheEnd, await PresentAsync());
        foreach (var connection in connections) await core.Membership.LeaveAllAsync(connection).Bounded();
        Assert.Equal(0, await PresentAsync());

        AssertNothingIsLeft(core);

        async Task<int> PresentAsync()
        {
            var lists = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => core.Presence.ListAsync("r" + i).AsTask())).Bounded();
            return lists.Sum(list => list.Sum(member => member.Connections));
        }
    }

    [Fact]
    public async Task JoinerGetsEverythingAfterThePositionThatItIsToldAndNothingBefore()
    {
        using var core = new TestCore(_backplane);
        await core.ConnectAsync(["r"]); // so that the sequence lasts
        using var stop = new CancellationTokenSource();
        var publisher = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await core.Publisher.PublishAsync(Audience.Room("r"), new Message("chat", "{}"u8.ToArray()) { CarriesOffset = true });
                await Task.Yield();
            }
        });
        var joiners = new List<(TestClient Client, long Position)>();
        for (var i = 0; i < 150; i++)
        {
            var client = await core.ConnectAsync([]);
            joiners.Add((client, (await core.Membership.JoinAsync(client.Connection, "r").Bounded()).Position.Offset));
            await client.HasAsync("chat", 1);
            await core.Membership.LeaveAsync(client.Connection, "r").Bounded();
        }
        await stop.CancelAsync();
        await publisher.Bounded();

        Assert.All(joiners, joiner =>
        {
            var offsets = joiner.Client.OffsetsOf("chat");
            Assert.Equal(joiner.Position + 1, offsets[0]);
            Assert.Equal(Enumerable.Range(0, offsets.Count).Select(i => offsets[0] + i), offsets);
        });
    }

    private void AssertNothingIsLeft(TestCore core)
    {
        Assert.Equal(0, core.Rooms.Count);
        Assert.Empty(_backplane.Subscribed);
        Assert.Equal(0, _backplane.Unbalanced);
    }
}
