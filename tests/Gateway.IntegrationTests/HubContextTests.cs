using Gateway.AspNetCore.SignalR;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Gateway.IntegrationTests;

/// <summary>Server code that speaks SignalR's own API reaches clients of both dialects, on its own replica and on the other.</summary>
public sealed class HubContextTests : IAsyncLifetime
{
    private RedisServer _redis = null!;
    private EmbeddedGateway _here = null!;
    private EmbeddedGateway _there = null!;
    private IHubContext<GatewayHub> _hub = null!;
    private readonly List<IChatClient> _clients = [];

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _here = await EmbeddedGateway.StartAsync(UseRedis);
        _there = await EmbeddedGateway.StartAsync(UseRedis);
        _hub = _here.Get<IHubContext<GatewayHub>>();
        foreach (var server in new[] { _here.Server, _there.Server })
            foreach (var kind in Enum.GetValues<Kind>())
                _clients.Add(await Clients.ConnectAsync(kind, server));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync();
        await _here.DisposeAsync();
        await _there.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task AllReachesEveryone()
    {
        await _hub.Clients.All.SendAsync("news", new { Headline = "x" });

        foreach (var client in _clients) Assert.Equal("""{"headline":"x"}""", (await client.NextAsync("news")).Json.GetRawText());
    }

    [Fact]
    public async Task AllExceptLeavesThemOut()
    {
        await _hub.Clients.AllExcept(_clients[0].ConnectionId, _clients[3].ConnectionId).SendAsync("news", 1);
        await _hub.Clients.All.SendAsync("mark", 2);

        foreach (var client in _clients) await client.NextAsync("mark");
        Assert.Equal([false, true, true, false], _clients.Select(c => c.All.Any(m => m.Type == "news")));
    }

    [Fact]
    public async Task ClientAndUserReachThem()
    {
        foreach (var client in _clients)
        {
            await _hub.Clients.Client(client.ConnectionId).SendAsync("to-connection", client.ConnectionId);
            await _hub.Clients.User(client.UserId).SendAsync("to-user", client.UserId);
            Assert.Equal(client.ConnectionId, (await client.NextAsync("to-connection")).Json.GetString());
            Assert.Equal(client.UserId, (await client.NextAsync("to-user")).Json.GetString());
        }
        Assert.All(_clients, c => Assert.Single(c.All, m => m.Type == "to-connection"));
    }

    [Fact]
    public async Task ClientsAndUsersReachThemAll()
    {
        await _hub.Clients.Clients(_clients.Select(c => c.ConnectionId)).SendAsync("several", 1);
        await _hub.Clients.Users(_clients.Select(c => c.UserId)).SendAsync("users", 1);

        foreach (var client in _clients)
        {
            await client.NextAsync("several");
            await client.NextAsync("users");
        }
    }

    [Fact]
    public async Task ConnectionsEnterAndLeaveGroupsWhereverTheyAre()
    {
        foreach (var client in _clients) await _hub.Groups.AddToGroupAsync(client.ConnectionId, "g");
        await _hub.Clients.Group("g").SendAsync("first", 1);
        foreach (var client in _clients) await client.NextAsync("first");
        await _clients[2].ChatAsync("a group is a room", "g");
        foreach (var client in _clients) await client.NextAsync("chat");

        await _hub.Groups.RemoveFromGroupAsync(_clients[0].ConnectionId, "g");
        await _hub.Groups.RemoveFromGroupAsync(_clients[3].ConnectionId, "g");
        await _hub.Clients.Group("g").SendAsync("second", 1);
        await _hub.Clients.All.SendAsync("mark", 2);

        foreach (var client in _clients) await client.NextAsync("mark");
        await _clients[1].NextAsync("second");
        await _clients[2].NextAsync("second");
        Assert.Equal([false, true, true, false], _clients.Select(c => c.All.Any(m => m.Type == "second")));
    }

    [Fact]
    public async Task GroupsAndGroupExceptReachTheRightOnes()
    {
        for (var i = 0; i < _clients.Count; i++) await _hub.Groups.AddToGroupAsync(_clients[i].ConnectionId, i < 2 ? "left" : "right");

        await _hub.Clients.Groups("left", "right").SendAsync("both", 1);
        await _hub.Clients.GroupExcept("left", _clients[0].ConnectionId).SendAsync("not-first", 1);
        await _hub.Clients.All.SendAsync("mark", 2);

        foreach (var client in _clients)
        {
            await client.NextAsync("both");
            await client.NextAsync("mark");
        }
        await _clients[1].NextAsync("not-first");
        Assert.Equal([false, true, false, false], _clients.Select(c => c.All.Any(m => m.Type == "not-first")));
    }

    [Fact]
    public async Task ArgumentListsStayWhatTheyAreForSignalRAndBecomeArraysForRaw()
    {
        var signalR = (SignalRClient)_clients[1];
        var none = new TaskCompletionSource();
        var two = new TaskCompletionSource<(int, string)>();
        signalR.Hub.On("none", none.SetResult);
        signalR.Hub.On<int, string>("two", (a, b) => two.SetResult((a, b)));

        await _hub.Clients.All.SendAsync("none");
        await _hub.Clients.All.SendAsync("two", 1, "b");

        await none.Task.Within("the call without arguments");
        Assert.Equal((1, "b"), await two.Task.Within("the call with two"));
        Assert.Equal("null", (await _clients[0].NextAsync("none")).Json.GetRawText());
        Assert.Equal("""[1,"b"]""", (await _clients[2].NextAsync("two")).Json.GetRawText());
    }

    [Fact]
    public async Task ClientIsAskedForAResult()
    {
        var signalR = (SignalRClient)_clients[1];
        signalR.Hub.On("sum", (int a, int b) => a + b);

        Assert.Equal(
            5, await _hub.Clients.Client(((IChatClient)signalR).ConnectionId).InvokeAsync<int>("sum", 2, 3, default).Within("the result"));
        await Assert.ThrowsAsync<IOException>(
            () => _hub.Clients.Client(_clients[0].ConnectionId).InvokeAsync<int>("sum", 2, 3, default).Within("the refusal"));
    }

    [Fact]
    public async Task ResultOfAConnectionThatIsBeingClosedIsRefusedAtOnce()
    {
        await using var hostile = await HandMadeHubClient.ConnectAsync(_here.Server, HubTransport.WebSockets);
        var id = hostile.Welcome.GetProperty("connection_id").GetString()!;
        _here.Get<ConnectionTable>().Find(id)!.Close(CloseReason.Kicked);

        var call = _hub.Clients.Client(id).InvokeAsync<int>("sum", 2, 3, default);

        await Assert.ThrowsAsync<IOException>(() => call.Within("the refusal", TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task NoCallForAResultOutlivesItsClient()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 300), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var client = await HandMadeHubClient.ConnectAsync(_here.Server, HubTransport.WebSockets, "?rooms=");
            var id = client.Welcome.GetProperty("connection_id").GetString()!;
            var leaving = Task.Run(() => client.DisposeAsync().AsTask(), CancellationToken.None);
            var calls = new List<Task>();
            for (var n = 0; n < 20; n++)
                calls.Add(Task.Run(() => _hub.Clients.Client(id).InvokeAsync<int>("sum", 2, 3, default), CancellationToken.None));
            foreach (var call in calls)
                await Assert.ThrowsAsync<IOException>(() => call.Within("the end of the call", TimeSpan.FromSeconds(30)));
            await leaving;
        });
    }

    [Fact]
    public async Task ConnectionOfThisReplicaIsReachedWhateverRedisDoes()
    {
        await _redis.KillAsync();

        foreach (var client in _clients.Take(2))
        {
            await _hub.Clients.Client(client.ConnectionId).SendAsync("to-connection", 1).Within("the sending");
            await client.NextAsync("to-connection");
        }
        await _hub.Clients.Clients([.. _clients.Take(2).Select(c => c.ConnectionId)]).SendAsync("to-both", 1).Within("the sending");
        foreach (var client in _clients.Take(2)) await client.NextAsync("to-both");
    }

    [Fact]
    public async Task RefusedGroupIsAnErrorWhereverTheConnectionIs()
    {
        foreach (var client in _clients)
        {
            var adding = _hub.Groups.AddToGroupAsync(client.ConnectionId, "no room");
            var refused = await Assert.ThrowsAsync<HubException>(() => adding.Within("the refusal"));
            Assert.Equal("400: room must not contain white space, control characters or *", refused.Message);
        }
    }

    [Fact]
    public async Task GroupsOfAConnectionThatIsNowhereAreNoError()
    {
        await _hub.Groups.AddToGroupAsync("nowhere", "g").Within("the answer");
        await _hub.Groups.RemoveFromGroupAsync("nowhere", "g").Within("the answer");
    }

    private void UseRedis(Gateway.Configuration.ProgramOptions options)
    {
        options.Redis.Enabled = true;
        options.Redis.Connection = [_redis.Address];
    }
}

