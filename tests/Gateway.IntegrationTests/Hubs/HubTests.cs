using System.Net;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.SignalR;
using Gateway.Configuration;
using Gateway.Core.Moderation;
using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.IntegrationTests.Hubs;

/// <summary>Hubs are separate: what is said, who is there and what is allowed in one is nothing to another.</summary>
public sealed class HubTests
{
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task BothDialectsMeetInANamedHubAndTheDefaultOneHearsNothing(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var outside = await Clients.ConnectAsync(kind, gateway.Server);
        await using var raw = await RawClient.ConnectAsync(gateway.Server, "/test");
        await using var signalr = await SignalRClient.ConnectAsync(gateway.Server, "/test");

        await raw.ChatAsync("from raw");
        await signalr.ChatAsync("from SignalR");
        await outside.ChatAsync("outside");

        Assert.Equal("from raw", (await raw.NextAsync("chat")).Text("content"));
        Assert.Equal("from SignalR", (await raw.NextAsync("chat")).Text("content"));
        Assert.Equal("from raw", (await signalr.NextAsync("chat")).Text("content"));
        Assert.Equal("from SignalR", (await signalr.NextAsync("chat")).Text("content"));
        Assert.Equal("outside", (await outside.NextAsync("chat")).Text("content"));
        Assert.Equal(1, outside.All.Count(m => m.Type == "chat"));
    }

    [Fact]
    public async Task EachHubHasItsOwnLobbyPresenceAndRooms()
    {
        await using var gateway = await StartAsync();
        await using var ann = await RawClient.ConnectAsync(gateway.Server, "?username=Ann");
        await using var bob = await RawClient.ConnectAsync(gateway.Server, "/test?username=Bob");

        var members = (await bob.RequestAsync("presence", new { room = "lobby" })).GetProperty("members");

        Assert.Equal("Bob", Assert.Single(members.EnumerateArray().ToList()).GetProperty("username").GetString());
        Assert.Equal(["lobby"], bob.Welcome.GetProperty("rooms").EnumerateArray().Select(r => r.GetProperty("room").GetString()));
        Assert.Equal(["lobby"], ann.Welcome.GetProperty("rooms").EnumerateArray().Select(r => r.GetProperty("room").GetString()));
    }

    [Fact]
    public async Task HubHasLimitsOfItsOwn()
    {
        await using var gateway = await StartAsync(hub =>
        {
            hub.MaxConnections = 2;
            hub.MaxMessageBytes = 1000;
            hub.MaxRoomsPerConnection = 2;
            (hub.RateLimit.Messages, hub.RateLimit.Window) = (4, TimeSpan.FromMinutes(10));
            hub.Policies = [new() { Match = "quiet", Publish = PublishRight.Server }];
        });
        await using var elsewhere = await RawClient.ConnectAsync(gateway.Server);
        await using var one = await RawClient.ConnectAsync(gateway.Server, "/test");
        await using var two = await RawClient.ConnectAsync(gateway.Server, "/test");

        var refusal = await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(
            () => RawClient.ConnectAsync(gateway.Server, "/test"));
        Assert.Contains("503", refusal.Message);
        await one.RequestAsync("join", new { room = "quiet" });
        Assert.Equal(403, (await Assert.ThrowsAsync<GatewayError>(() => one.ChatAsync("ssh", "quiet"))).Code);
        Assert.Equal(403, (await Assert.ThrowsAsync<GatewayError>(() => one.RequestAsync("join", new { room = "third" }))).Code);
        await one.ChatAsync("fourth");
        Assert.Equal(429, (await Assert.ThrowsAsync<GatewayError>(() => one.ChatAsync("fifth"))).Code);
        await two.ChatAsync(new string('x', 500));
        await two.SendTextAsync(new string('x', 1001));
        Assert.Equal(1009, (await two.Closed.Within("the close")).Code);
        for (var i = 0; i < 10; i++) await elsewhere.ChatAsync(new string('x', 2000));
    }

    [Theory]
    [InlineData("/ws/nowhere")]
    [InlineData("/hub/nowhere")]
    [InlineData("/hub/nowhere/negotiate")]
    public async Task UnknownHubIsNotFound(string path)
    {
        await using var gateway = await StartAsync();
        using var http = new HttpClient();
        using var response = path.EndsWith("negotiate", StringComparison.Ordinal)
            ? await http.PostAsync(new Uri(gateway.Server, path), null).Within("the answer")
            : await http.GetAsync(new Uri(gateway.Server, path)).Within("the answer");

        Assert.Equal((HttpStatusCode.NotFound, "unknown hub\n"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task ServerCodeSpeaksToOneHub()
    {
        await using var gateway = await StartAsync();
        await using var outside = await SignalRClient.ConnectAsync(gateway.Server);
        await using var inside = await SignalRClient.ConnectAsync(gateway.Server, "/test");
        var hub = gateway.Get<GatewayDomains>()["test"];

        await hub.Get<IHubContext<GatewayHub>>().Clients.All.SendAsync("chat", new { content = "in test" });
        await gateway.Get<IHubContext<GatewayHub>>().Clients.All.SendAsync("chat", new { content = "in the default hub" });
        await hub.PublishAsync(Gateway.Core.Messages.Audience.Room("lobby"), "chat", """{"content":"to the lobby"}"""u8.ToArray());

        Assert.Equal("in test", (await inside.NextAsync("chat")).Text("content"));
        Assert.Equal("to the lobby", (await inside.NextAsync("chat")).Text("content"));
        Assert.Equal("in the default hub", (await outside.NextAsync("chat")).Text("content"));
        inside.Hub.On("Square", (int n) => n * n);
        Assert.Equal(
            49,
            await hub.Get<IHubContext<GatewayHub>>().Clients.Client(((IChatClient)inside).ConnectionId)
                .InvokeAsync<int>("Square", 7, default).Within("the client's result"));
    }

    [Fact]
    public async Task ServerCodeReachesConnectionsOfAnyHubByTheirIds()
    {
        await using var gateway = await StartAsync();
        await using var outside = await RawClient.ConnectAsync(gateway.Server);
        await using var inside = await RawClient.ConnectAsync(gateway.Server, "/test");
        IChatClient[] both = [outside, inside];
        var clients = gateway.Get<IHubContext<GatewayHub>>().Clients;

        foreach (var client in both) await clients.Client(client.ConnectionId).SendAsync("one", 1);
        await clients.Clients(both.Select(c => c.ConnectionId)).SendAsync("both", 1);

        foreach (var client in both)
        {
            await client.NextAsync("one");
            await client.NextAsync("both");
        }
    }

    /// <summary>Users are the gateway's, rooms are a hub's.</summary>
    [Fact]
    public async Task MuteInARoomHoldsInItsHubAndABanInEveryOne()
    {
        await using var gateway = await StartAsync();
        const string Key = "a guest key of this test";
        await using var outside = await RawClient.ConnectAsync(gateway.Server, $"?guest_key={Uri.EscapeDataString(Key)}");
        await using var inside = await RawClient.ConnectAsync(gateway.Server, $"/test?guest_key={Uri.EscapeDataString(Key)}");
        var user = ((IChatClient)inside).UserId;
        var (here, there) = (gateway.Get<Moderator>(), gateway.Get<GatewayDomains>()["test"].Get<Moderator>());
        Assert.Equal(user, ((IChatClient)outside).UserId);

        await there.MuteAsync(user, "lobby", TimeSpan.FromMinutes(1), "the test");
        await outside.ChatAsync("outside I may");
        Assert.Contains(
            "403: muted in room lobby", (await Assert.ThrowsAnyAsync<Exception>(() => inside.ChatAsync("inside I may not"))).Message);
        Assert.False(await here.UnmuteAsync(user, "lobby", "the test"));
        Assert.True(await there.UnmuteAsync(user, "lobby", "the test"));
        await inside.ChatAsync("now I may");

        await here.BanAsync(user, TimeSpan.FromMinutes(1), "the test");
        foreach (var client in new[] { outside, inside }) Assert.Equal((1008, "banned"), await client.Closed.Within("the close"));
        var refused = await Assert.ThrowsAnyAsync<Exception>(
            () => RawClient.ConnectAsync(gateway.Server, $"/test?guest_key={Uri.EscapeDataString(Key)}"));
        Assert.Contains("403", refused.Message);
    }

    [Fact]
    public async Task MetricsStreamOfAHubShowsThatHub()
    {
        await using var gateway = await StartAsync(
            hub => (hub.MetricsStream, hub.AutoJoin) = (true, ["lobby", "metrics"]), o => o.MetricsStream.IntervalMs = 50);
        await using var elsewhere = await RawClient.ConnectAsync(gateway.Server);
        await using var inside = await RawClient.ConnectAsync(gateway.Server, "/test");

        Assert.Equal(1, (await inside.NextAsync("metrics")).Json.GetProperty("connections").GetProperty("total").GetInt32());
        Assert.DoesNotContain(elsewhere.All, m => m.Type == "metrics");
    }

    [Fact]
    public async Task FiguresOfANamedHubCarryItsNameAndThoseOfTheDefaultOneNone()
    {
        await using var gateway = await GatewayProcess.StartAsync(
            "--hubs:test:max_connections=0", "--handlers:0:path=/relay", "--handlers:0:handler=relay", "--handlers:0:hub=test");
        await using var outside = await RawClient.ConnectAsync(gateway.Server);
        await using var inside = await RawClient.ConnectAsync(gateway.Server, "/test");
        await using var another = await SignalRClient.ConnectAsync(gateway.Server, "/test");
        using var frames = await IntegrationTests.Frames.FrameClient.ConnectAsync(gateway.Server, "/relay");
        await inside.ChatAsync("one");
        await frames.SendAsync("two");
        await frames.ReadTextAsync();

        var page = await gateway.ScrapeAsync();

        Assert.Equal([1, 0, 0], Connected(""));
        Assert.Equal([1, 1, 1], Connected("test"));
        Assert.Equal([1, 0, 1], Of("websocket_messages_total", "test"));
        Assert.Equal([0, 0, 0], Of("websocket_messages_total", ""));

        IEnumerable<double> Connected(string hub) => Of("websocket_connected_clients", hub);

        IEnumerable<double> Of(string family, string hub) => new[] { "raw", "signalr", "frames" }.Select(dialect =>
            page[family].Samples.Single(s => s.Labels["dialect"] == dialect && s.Labels.GetValueOrDefault("hub", "") == hub).Value);
    }

    [Fact]
    public async Task NamedHubsAreSeparateAcrossReplicasToo()
    {
        await using var redis = await RedisServer.StartAsync();
        string[] arguments = ["--redis:enabled=true", "--redis:connection=" + redis.Address, "--hubs:test:max_connections=0"];
        await using var a = await GatewayProcess.StartAsync(arguments);
        await using var b = await GatewayProcess.StartAsync(arguments);
        await using var ann = await RawClient.ConnectAsync(a.Server, "/test");
        await using var bob = await SignalRClient.ConnectAsync(b.Server, "/test");
        await using var cyd = await RawClient.ConnectAsync(b.Server);

        await ann.ChatAsync("in test");
        await cyd.ChatAsync("outside");

        Assert.Equal("in test", (await bob.NextAsync("chat")).Text("content"));
        Assert.Equal("outside", (await cyd.NextAsync("chat")).Text("content"));
        Assert.Equal(2, (await ann.RequestAsync("presence", new { room = "lobby" })).GetProperty("count").GetInt32());
        Assert.Equal(1, (await cyd.RequestAsync("presence", new { room = "lobby" })).GetProperty("count").GetInt32());
        Assert.Equal(":1", await redis.CommandAsync("EXISTS gw:{lobby}:position")); // where it has always been
        Assert.Equal(":1", await redis.CommandAsync("EXISTS gw:hub:test:{lobby}:position"));
    }

    [Fact]
    public void NameThatCannotBeAPathIsRefusedInCode()
    {
        var services = new ServiceCollection();
        var gateway = services.AddGateway().AddHub("test", hub => hub.MaxConnections = 3);

        Assert.Equal(3, services.BuildServiceProvider().GetRequiredService<IOptions<GatewayOptions>>().Value.Hubs["test"].MaxConnections);
        Assert.Throws<ArgumentException>(() => gateway.AddHub("Not A Name"));
        Assert.Throws<ArgumentException>(() => gateway.AddHub("negotiate"));
    }

    private static Task<EmbeddedGateway> StartAsync(Action<NamedHubOptions>? configure = null, Action<ProgramOptions>? set = null) =>
        EmbeddedGateway.StartAsync(options =>
        {
            options.Hubs["test"] = new NamedHubOptions();
            configure?.Invoke(options.Hubs["test"]);
            set?.Invoke(options);
        });
}
