using System.Net;
using System.Text.Json;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>The admin API of two replicas: whichever is asked, it speaks of both.</summary>
public sealed class AdminClusterTests : IAsyncLifetime
{
    private static readonly TimeSpan ASecond = TimeSpan.FromSeconds(1);

    private RedisServer _redis = null!;
    private EmbeddedGateway _a = null!;
    private EmbeddedGateway _b = null!;
    private AdminClient _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        (_a, _b) = (await StartAsync(), await StartAsync());
        _admin = new AdminClient(_a.Server);
        await Deadline.Until(
            async () => (await _admin.GetAsync("connections")).Status == HttpStatusCode.OK, "the replicas listen to one another");
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionsOfAllReplicasAreListedFilteredAndPaged()
    {
        await using var ada = await RawClient.ConnectAsync(_a.Server, "?rooms=team&user=ada");
        await using var adaToo = await SignalRClient.ConnectAsync(_b.Server, "?rooms=other&user=ada");
        await using var bob = await SignalRClient.ConnectAsync(_b.Server, "?rooms=team&user=bob");
        var everyone = new IChatClient[] { ada, adaToo, bob }.Select(c => c.ConnectionId).Order(StringComparer.Ordinal).ToList();

        Assert.Equal(everyone, Ids((await _admin.GetAsync("connections")).Ok()));
        Assert.Equal(Ordered(ada, adaToo), Ids((await _admin.GetAsync("connections?user=ada")).Ok()));
        Assert.Equal(Ordered(ada, bob), Ids((await _admin.GetAsync("connections?room=team")).Ok()));
        Assert.Equal(Ordered(adaToo, bob), Ids((await _admin.GetAsync("connections?dialect=signalr")).Ok()));
        Assert.Equal(Ordered(bob), Ids((await _admin.GetAsync("connections?dialect=signalr&room=team")).Ok()));
        var paged = new List<string>();
        for (string? after = ""; after != null;)
        {
            var page = (await _admin.GetAsync($"connections?limit=1&after={Uri.EscapeDataString(after)}")).Ok();
            paged.AddRange(Ids(page));
            after = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }
        Assert.Equal(everyone, paged);
        var one = (await _admin.GetAsync("connections/" + ((IChatClient)bob).ConnectionId)).Ok();
        Assert.Equal("bob", one.GetProperty("user_id").GetString());
        Assert.Equal("signalr", one.GetProperty("dialect").GetString());
        Assert.Equal("127.0.0.1", one.GetProperty("remote_address").GetString());
        Assert.Equal(bob.Welcome.GetProperty("replica").GetString(), one.GetProperty("replica").GetString());

        static IEnumerable<string> Ordered(params IChatClient[] clients) =>
            clients.Select(c => c.ConnectionId).Order(StringComparer.Ordinal);
        static IEnumerable<string> Ids(JsonElement page) =>
            page.GetProperty("connections").EnumerateArray().Select(c => c.GetProperty("connection_id").GetString()!);
    }

    [Fact]
    public async Task RoomsCountTheConnectionsOfAllReplicas()
    {
        await using var ada = await RawClient.ConnectAsync(_a.Server, "?rooms=team&user=ada");
        await using var bob = await SignalRClient.ConnectAsync(_b.Server, "?rooms=team,other&user=bob");

        var rooms = (await _admin.GetAsync("rooms")).Ok().GetProperty("rooms").EnumerateArray()
            .Select(r => (r.GetProperty("room").GetString(), r.GetProperty("connections").GetInt32()));

        Assert.Equal([("other", 1), ("team", 2)], rooms);
        Assert.Equal(2, (await _admin.GetAsync("rooms/team/members")).Ok().GetProperty("count").GetInt32());
        await Deadline.Until(
            async () => (await _admin.GetAsync("replicas")).Ok().GetProperty("replicas")
                .EnumerateArray().Sum(r => r.GetProperty("connections").GetInt32()) == 2,
            "the replicas tell their connections");
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task ConnectionOnAnotherReplicaIsClosed(Kind kind)
    {
        await using var client = await Clients.ConnectAsync(kind, _b.Server);

        Assert.Equal(HttpStatusCode.NoContent, (await _admin.DeleteAsync("connections/" + client.ConnectionId)).Status);

        Assert.Equal((1008, "kicked"), await client.Closed.Within("the close", ASecond));
        (await _admin.DeleteAsync("connections/" + client.ConnectionId)).AssertProblem(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task UserIsModeratedOnAllReplicas(Kind kind)
    {
        await using var ada = await Clients.ConnectAsync(kind, _b.Server, "?rooms=team&user=ada");

        (await _admin.PostAsync("users/ada/mute", new { room = "team", duration = "1m" })).Ok();
        await Deadline.Until(
            async () => (await Record.ExceptionAsync(() => ada.ChatAsync("x", "team"))) is GatewayError { Code: 403 }, "she is muted",
            ASecond);
        Assert.Equal(HttpStatusCode.NoContent, (await _admin.DeleteAsync("users/ada/mute?room=team")).Status);
        await Deadline.Until(
            async () => await Record.ExceptionAsync(() => ada.ChatAsync("x", "team")) == null, "she is not muted any more", ASecond);

        Assert.Equal(1, (await _admin.PostAsync("users/ada/kick", new { room = "team" })).Ok().GetProperty("connections").GetInt32());
        Assert.Equal(403, (await Assert.ThrowsAsync<GatewayError>(() => ada.ChatAsync("x", "team"))).Code);
        (await _admin.PostAsync("users/ada/revoke")).Ok();
        Assert.Equal((1008, "revoked"), await ada.Closed.Within("the close", ASecond));

        await using var again = await Clients.ConnectAsync(kind, _b.Server, "?rooms=team&user=ada");
        (await _admin.PostAsync("users/ada/ban", new { duration = "1h" })).Ok();
        Assert.Equal((1008, "banned"), await again.Closed.Within("the close", ASecond));
        Assert.Equal(HttpStatusCode.NoContent, (await _admin.DeleteAsync("users/ada/ban")).Status);
        await Deadline.Until(
            async () => await Record.ExceptionAsync(
                async () => await (await Clients.ConnectAsync(kind, _b.Server, "?user=ada")).DisposeAsync()) == null,
            "she is let in", ASecond);
    }

    [Fact]
    public async Task KeyOfARequestIsKnownOnAllReplicas()
    {
        using var other = new AdminClient(_b.Server);
        await using var client = await RawClient.ConnectAsync(_b.Server, "?rooms=team");
        foreach (var path in new[] { "rooms/team/messages", "messages" })
        {
            (await _admin.PostAsync(path, new { type = "order", payload = path }, path)).Ok();
            (await other.PostAsync(path, new { type = "order", payload = path }, path)).Ok();
            (await other.PostAsync(path, new { type = "order", payload = 2 }, path)).AssertProblem(HttpStatusCode.Conflict);
            Assert.Equal(path, (await client.NextAsync("order")).Json.GetString());
        }
        await client.RequestAsync("ping", null);
        Assert.Equal(2, client.All.Count(m => m.Type == "order"));
    }

    [Fact]
    public async Task WhileRedisIsAwayWhatNeedsItIs503()
    {
        await _redis.KillAsync();

        (await _admin.GetAsync("connections")).AssertProblem(HttpStatusCode.ServiceUnavailable);
        (await _admin.PostAsync("users/ada/ban")).AssertProblem(HttpStatusCode.ServiceUnavailable);
        (await _admin.GetAsync("config")).Ok();
    }

    private Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(o =>
    {
        o.Admin.ApiKey = [AdminClient.Key];
        o.Redis.Enabled = true;
        o.Redis.Connection = [_redis.Address];
    }, Moderation.UsersWithRoles.Add);
}
