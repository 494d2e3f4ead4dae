using System.Text.Json;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Broadcast;

public sealed class ConnectionLifecycleTests
{
    private readonly WatchedBackplane _backplane = new(crossesReplicas: true);

    [Fact]
    public async Task WelcomeTellsWhoWhereAndWhichRooms()
    {
        using var core = new TestCore(_backplane);
        var ada = await core.ConnectAsync(["lobby", "metrics"], "ada");

        var welcome = Assert.Single(ada.PayloadsOf("welcome"));
        using var payload = JsonDocument.Parse(welcome);
        Assert.Equal(
            ["connection_id", "user_id", "username", "replica", "rooms", "cluster"],
            payload.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["lobby", "metrics"], payload.RootElement.GetProperty("rooms").EnumerateArray().Select(r => r.GetProperty("room").GetString()));
        Assert.Equal("""{"replicas":1,"connections":1}""", payload.RootElement.GetProperty("cluster").GetRawText());
    }

    [Fact]
    public async Task EverythingIsGivenBackWhenTheLastConnectionOfAUserDeparts()
    {
        using var core = new TestCore(_backplane);
        var (one, two) = (await core.ConnectAsync(["r"], "ada"), await core.ConnectAsync(["r"], "ada"));
        Assert.Equal(["ada", one.Connection.Id, two.Connection.Id, "r"], _backplane.Subscribed.Order(StringComparer.Ordinal));

        await core.Lifecycle.OnDisconnectedAsync(one.Connection).Bounded();
        await core.Lifecycle.OnDisconnectedAsync(one.Connection).Bounded();
        Assert.Equal(["ada", two.Connection.Id, "r"], _backplane.Subscribed.Order(StringComparer.Ordinal));
        Assert.Same(two.Connection, Assert.Single(core.Connections.OfUser("ada")));
        await core.Lifecycle.OnDisconnectedAsync(two.Connection).Bounded();

        Assert.Empty(_backplane.Subscribed);
        Assert.Equal((0, 0, 0), (core.Connections.Count, core.Rooms.Count, _backplane.Unbalanced));
        Assert.Empty(core.Connections.OfUser("ada"));
    }

    [Fact]
    public async Task ConnectionLeavesItsRoomsWhenItIsClosedAndTheTableWhenItDeparts()
    {
        using var core = new TestCore(_backplane);
        var (one, two) = (await core.ConnectAsync(["r"], "ada"), await core.ConnectAsync(["r"], "ada"));

        one.Connection.Close(CloseReason.Kicked);
        await one.Connection.LeaveTask.Bounded();

        Assert.Same(two.Connection, Assert.Single(core.Rooms.Find("r")!.Members.Snapshot()));
        Assert.Same(two.Connection, Assert.Single(core.Connections.OfUser("ada")));
        Assert.Same(one.Connection, core.Connections.Find(one.Connection.Id));
        Assert.Equal(404, (await core.Membership.JoinAsync(one.Connection, "other").Bounded()).Error?.Code);
        Assert.Equal(403, (await core.Lifecycle.OnConnectedAsync(Closed(core), ["r"]).Bounded())?.Code);

        foreach (var client in new[] { one, two }) await core.Lifecycle.OnDisconnectedAsync(client.Connection).Bounded();
        Assert.Equal((1, 0), (core.Connections.Count, core.Rooms.Count)); // the one that was closed before it arrived has yet to depart
        Assert.Equal(0, _backplane.Unbalanced);
    }

    [Fact]
    public async Task ClientIsTurnedAwayWhileTheBackplaneIsAway()
    {
        using var core = new TestCore(_backplane);
        _backplane.IsAway = true;
        var ada = core.Client("ada");

        Assert.Equal(503, (await core.Lifecycle.OnConnectedAsync(ada.Connection, ["r"]).Bounded())?.Code);
        await core.Lifecycle.OnDisconnectedAsync(ada.Connection).Bounded();

        Assert.Equal((0, 0), (core.Connections.Count, core.Rooms.Count));
        Assert.Empty(_backplane.Subscribed);
        Assert.Empty(ada.Received);
    }

    [Fact]
    public async Task SecondConnectionOfTheSameIdIsRefusedAndTheFirstStays()
    {
        using var core = new TestCore(_backplane);
        var first = await core.ConnectAsync(["r"], "ada");
        var second = core.Client("eve", id: first.Connection.Id);

        Assert.Equal(409, (await core.Lifecycle.OnConnectedAsync(second.Connection, ["r"]).Bounded())?.Code);
        await core.Lifecycle.OnDisconnectedAsync(second.Connection).Bounded();

        Assert.Same(first.Connection, core.Connections.Find(first.Connection.Id));
        Assert.Equal(1, core.Rooms.Find("r")?.Members.Count);
    }

    private static Connection Closed(TestCore core)
    {
        var connection = core.Client("eve").Connection;
        connection.Close(CloseReason.Banned);
        return connection;
    }
}
