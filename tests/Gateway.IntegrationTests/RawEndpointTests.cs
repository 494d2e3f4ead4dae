using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

public sealed class RawEndpointTests : IAsyncLifetime
{
    private EmbeddedGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await EmbeddedGateway.StartAsync();

    public async ValueTask DisposeAsync() => await _gateway.DisposeAsync();

    [Fact]
    public async Task WelcomeComesFirstAndTellsWhoAndWhere()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server, "?username=Ann");

        Assert.Equal("welcome", client.All[0].Type);
        Assert.Equal("Ann", client.Welcome.GetProperty("username").GetString());
        Assert.Equal(["lobby"], client.Welcome.GetProperty("rooms").EnumerateArray().Select(r => r.GetProperty("room").GetString()));
        Assert.StartsWith("guest-", client.Welcome.GetProperty("user_id").GetString());
    }

    [Theory]
    [InlineData("?rooms=", 0)]
    [InlineData("?rooms=a,b,b", 2)]
    [InlineData("", 1)]
    public async Task RoomsToBeginInAreTheClientsChoice(string query, int rooms)
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server, query);

        Assert.Equal(rooms, client.Welcome.GetProperty("rooms").GetArrayLength());
    }

    [Theory]
    [InlineData("/ws?rooms=a%20b", HttpStatusCode.BadRequest)]
    [InlineData("/ws?username=%07", HttpStatusCode.BadRequest)]
    [InlineData("/ws", HttpStatusCode.UpgradeRequired)]
    [InlineData("/nowhere", HttpStatusCode.NotFound)]
    public async Task RequestsThatAreNoConnectionAreRefusedInPlainWords(string path, HttpStatusCode status)
    {
        using var http = new HttpClient();

        using var response = await http.GetAsync(new Uri(_gateway.Server, path)).Within("the refusal");

        Assert.Equal(status, response.StatusCode);
        Assert.DoesNotContain("Exception", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task ChatReachesEveryMemberAndTheSender()
    {
        await using var a = await RawClient.ConnectAsync(_gateway.Server);
        await using var b = await RawClient.ConnectAsync(_gateway.Server);

        await a.SendAsync("chat", new { content = "hello" });

        Assert.Equal("hello", (await a.NextAsync("chat")).Text("content"));
        Assert.Equal("hello", (await b.NextAsync("chat")).Text("content"));
    }

    [Fact]
    public async Task ChatStaysInItsRoom()
    {
        await using var member = await RawClient.ConnectAsync(_gateway.Server);
        await using var other = await RawClient.ConnectAsync(_gateway.Server);
        await member.RequestAsync("join", new { room = "r" });

        await member.ChatAsync("in r", "r");
        await member.ChatAsync("in lobby");

        Assert.Equal("in lobby", (await other.NextAsync("chat")).Text("content"));
    }

    [Fact]
    public async Task WhoeverLeftHearsNoMore()
    {
        await using var stays = await RawClient.ConnectAsync(_gateway.Server);
        await using var leaves = await RawClient.ConnectAsync(_gateway.Server);
        foreach (var client in new[] { stays, leaves }) await client.RequestAsync("join", new { room = "r" });

        await leaves.RequestAsync("leave", new { room = "r" });
        await stays.ChatAsync("gone?", "r");
        await stays.ChatAsync("mark");

        Assert.Equal("mark", (await leaves.NextAsync("chat")).Text("content"));
        var error = await Assert.ThrowsAsync<GatewayError>(() => leaves.ChatAsync("still there?", "r"));
        Assert.Equal((403, "not in room r"), (error.Code, error.Text));
    }

    [Fact]
    public async Task LeaveIsAnnouncedToTheOthersAlsoWhenTheConnectionJustDies()
    {
        await using var stays = await RawClient.ConnectAsync(_gateway.Server, "?rooms=r");
        await using var dies = await RawClient.ConnectAsync(_gateway.Server, "?rooms=r&username=Bob");
        Assert.Equal("join", (await stays.NextAsync("system")).Text("event"));

        dies.Abort();

        var left = await stays.NextAsync("system");
        Assert.Equal(("leave", "r", "Bob"), (left.Text("event"), left.Text("room"), left.Text("username")));
    }

    [Fact]
    public async Task PingIsAnsweredWithAckOrPong()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);

        var answer = await client.RequestAsync("ping", null);
        await client.SendAsync("ping", new { any = "thing" });

        Assert.True(answer.GetProperty("time").GetDateTimeOffset() <= DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.NotNull((await client.NextAsync("pong")).Text("time"));
    }

    [Fact]
    public async Task CorrelationIdsComeBackAsTheyWere()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);

        await client.SendTextAsync("""{"id":1.50,"type":"ping"}""");
        await client.SendTextAsync("""{"type":"ping","id":"\u00e4"}""");
        await client.NextAsync("ack");
        await client.NextAsync("ack");

        Assert.Equal(2, client.All.Count(m => m.Type == "ack"));
    }

    [Fact]
    public async Task PresenceListsUsersOnceWithTheirConnections()
    {
        await using var a = await RawClient.ConnectAsync(_gateway.Server, "?rooms=r&username=Ann");
        await using var b = await SignalRClient.ConnectAsync(_gateway.Server, "?rooms=r&username=Bob");
        await b.RequestAsync("presence", new { status = "away" });
        var heard = await a.NextAsync("presence");
        Assert.Equal(("r", "Bob", "away"), (heard.Text("room"), heard.Text("username"), heard.Text("status")));

        var list = await a.RequestAsync("presence", new { room = "r" });

        Assert.Equal(2, list.GetProperty("count").GetInt32());
        Assert.Equal(["Ann online 1", "Bob away 1"], list.GetProperty("members").EnumerateArray().Select(m =>
            $"{m.GetProperty("username").GetString()} {m.GetProperty("status").GetString()} {m.GetProperty("connections").GetInt32()}"));
    }

    [Fact]
    public async Task DirectToNobodyIsNotFound()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);

        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("direct", new { to = "nobody", content = "x" }));

        Assert.Equal((404, "user nobody is not connected"), (error.Code, error.Text));
    }

    [Fact]
    public async Task CloseIsAnsweredAndTheConnectionForgotten()
    {
        var table = _gateway.Get<ConnectionTable>();
        await using var client = await RawClient.ConnectAsync(_gateway.Server);
        Assert.Equal(1, table.Count);

        await client.CloseAsync();

        Assert.Equal(1000, (await client.Closed).Code);
        await Deadline.Until(() => table.Count == 0, "the connection is forgotten");
    }

    [Fact]
    public async Task HundredsComeAndGoAtOnceAndNothingIsLeftBehind()
    {
        var table = _gateway.Get<ConnectionTable>();
        var rooms = _gateway.Get<Gateway.Core.Rooms.RoomTable>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 300), new ParallelOptions { MaxDegreeOfParallelism = 40 }, async (i, _) =>
        {
            await using var client = await Clients.ConnectAsync(i % 2 == 0 ? Kind.Raw : Kind.SignalR, _gateway.Server);
            await client.RequestAsync("join", new { room = "room-" + (i % 7) });
            await client.ChatAsync("hello " + i, "room-" + (i % 7));
            if (i % 3 == 0 && client is RawClient raw) raw.Abort();
        });

        await Deadline.Until(() => table.Count == 0 && rooms.Count == 0, "all connections and rooms are forgotten");
        Assert.Equal((0, 0), (table.CountOf(Dialect.Raw), table.CountOf(Dialect.SignalR)));
    }

    [Fact]
    public async Task FragmentedMessageIsOneMessage()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);
        var text = JsonSerializer.SerializeToUtf8Bytes(new { type = "chat", payload = new { content = new string('ä', 5000) } });

        foreach (var part in text.Chunk(777)) await client.SendAsync(part, WebSocketMessageType.Text, endOfMessage: false);
        await client.SendAsync(default, WebSocketMessageType.Text);

        Assert.Equal(new string('ä', 5000), (await client.NextAsync("chat")).Text("content"));
    }

    [Fact]
    public async Task SilentClientIsPingedAndGivenUpWhenItDoesNotAnswer()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Raw.PingPeriod = TimeSpan.FromMilliseconds(200);
            o.Raw.PongWait = TimeSpan.FromMilliseconds(800);
            o.Raw.WriteWait = TimeSpan.FromMilliseconds(500);
        });
        await using var answers = await RawClient.ConnectAsync(gateway.Server); // the client library answers pings by itself
        using var silent = await HandMadeSocket.OpenAsync(gateway.Server, "/ws"); // and this one does not

        var frames = await silent.ReadAllAsync();

        Assert.Contains(frames, f => f.Opcode == HandMadeSocket.Ping);
        Assert.Equal((1001, "no pong"), frames[^1].CloseStatus);
        await answers.ChatAsync("still here");
    }
}
