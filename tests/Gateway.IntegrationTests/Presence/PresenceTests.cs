using System.Text.Json;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Presence;

/// <summary>Who is there, as clients of both dialects see it on two replicas.</summary>
public sealed class PresenceTests : IAsyncLifetime
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(800);

    private readonly string _room = "room-" + Guid.NewGuid().ToString("N");
    private readonly List<IChatClient> _clients = [];
    private RedisServer _redis = null!;
    private EmbeddedGateway _a = null!;
    private EmbeddedGateway _b = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        (_a, _b) = (await StartAsync(), await StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task MembersOfAllReplicasAreListedEachUserOnce(Kind kind)
    {
        var ada = await ConnectAsync(kind, _a, "ada");
        var adaToo = await ConnectAsync(kind == Kind.Raw ? Kind.SignalR : Kind.Raw, _b, "ada");
        var bob = await ConnectAsync(kind, _b, "bob");
        await bob.RequestAsync("presence", new { status = "away" });

        foreach (var client in new[] { ada, adaToo, bob })
        {
            var list = await client.RequestAsync("presence", new { room = _room });
            Assert.Equal((_room, 2), (list.GetProperty("room").GetString(), list.GetProperty("count").GetInt32()));
            Assert.Equal(
                [("ada", "ADA", "tests", "online", 2), ("bob", "BOB", "tests", "away", 1)],
                list.GetProperty("members").EnumerateArray().Select(m => (
                    Text(m, "user_id"), Text(m, "username"), Text(m, "client_id"), Text(m, "status"),
                    m.GetProperty("connections").GetInt32())));
        }
        Assert.Equal("away", (await ada.NextAsync("presence")).Text("status"));
        Assert.Equal(["join bob"], EventsOf(ada));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task ShortReconnectIsNotToldWhereverItEnds(Kind kind)
    {
        var watcher = await ConnectAsync(Kind.Raw, _a, "watcher");
        var ada = await ConnectAsync(kind, _a, "ada");
        await watcher.NextAsync("system");

        await ada.DisposeAsync();
        await UntilConnectionsAsync(watcher, "ada", 0);
        ada = await ConnectAsync(kind, _b, "ada"); // on the other replica
        await ada.DisposeAsync();
        await UntilConnectionsAsync(watcher, "ada", 0);
        ada = await ConnectAsync(kind, _b, "ada"); // on the same one
        var bob = await ConnectAsync(kind, _b, "bob");
        await bob.DisposeAsync();

        await UntilToldAsync(watcher, "leave bob"); // who left later than she did
        Assert.Equal(["join ada", "join bob", "leave bob"], EventsOf(watcher));
        await ada.RequestAsync("leave", new { room = _room });
        Assert.Equal(("leave", "ada"), await NextEventAsync(watcher, "ada", "leave")); // at once, without the grace
    }

    [Fact]
    public async Task WelcomeAndMetricsCarryTheCountsOfAllReplicas()
    {
        var first = await ConnectAsync(Kind.Raw, _a, "ada");
        Assert.Equal(["replicas", "connections"], first.Welcome.GetProperty("cluster").EnumerateObject().Select(p => p.Name));
        await ConnectAsync(Kind.SignalR, _b, "bob");
        await using var reader = await RawClient.ConnectAsync(_a.Server, "?rooms=metrics");

        var agree = new HashSet<string>();
        while (agree.Count < 2)
        {
            var metrics = await reader.NextAsync("metrics");
            if (Cluster(metrics.Json) == (2, 3)) agree.Add(metrics.Text("replica")!);
        }
        Assert.Equal((2, 4), Cluster((await ConnectAsync(Kind.Raw, _a, "cyd")).Welcome));
        Assert.Equal((2, 5), Cluster((await ConnectAsync(Kind.SignalR, _a, "dan")).Welcome));

        static (int Replicas, int Connections) Cluster(JsonElement payload) =>
            (
                payload.GetProperty("cluster").GetProperty("replicas").GetInt32(),
                payload.GetProperty("cluster").GetProperty("connections").GetInt32());
    }

    /// <summary>Redis away: a room that the replica knows can be joined, and when Redis is back those are listed who are there.</summary>
    [Fact]
    public async Task JoinsWhileRedisIsAwayAreMadeUpFor()
    {
        var ada = await ConnectAsync(Kind.Raw, _a, "ada");
        var late = await RawClient.ConnectAsync(_a.Server, "?rooms=&user=late");
        _clients.Add(late);
        await _redis.KillAsync();

        Assert.Equal(_room, (await late.RequestAsync("join", new { room = _room })).GetProperty("room").GetString());
        Assert.Equal(503, (await Assert.ThrowsAsync<GatewayError>(() => ada.RequestAsync("presence", new { room = _room }))).Code);
        await _redis.RestartAsync();

        await Deadline.Until(async () => await ListedAsync(ada) is ["ada", "late"], "both are listed again");
    }

    private static string? Text(JsonElement json, string property) => json.GetProperty(property).GetString();

    private static List<string> EventsOf(IChatClient client) =>
        [.. client.All.Where(m => m.Type == "system").Select(m => $"{m.Text("event")} {m.Text("user_id")}")];

    private static async Task<(string, string)> NextEventAsync(IChatClient client, string user, string @event)
    {
        while (true)
        {
            var next = await client.NextAsync("system");
            if (next.Text("user_id") == user && next.Text("event") == @event) return (@event, user);
        }
    }

    private static Task UntilToldAsync(IChatClient client, string told) => Deadline.Until(() => EventsOf(client).Contains(told), told);

    private Task UntilConnectionsAsync(IChatClient asker, string user, int connections) => Deadline.Until(async () =>
    {
        var list = await asker.RequestAsync("presence", new { room = _room });
        return list.GetProperty("members").EnumerateArray()
            .Any(m => Text(m, "user_id") == user && m.GetProperty("connections").GetInt32() == connections);
    }, $"{user} has {connections} connections");

    private async Task<List<string?>> ListedAsync(IChatClient asker)
    {
        try
        {
            var list = await asker.RequestAsync("presence", new { room = _room });
            return [.. list.GetProperty("members").EnumerateArray().Select(m => Text(m, "user_id"))];
        }
        catch (GatewayError away) when (away.Code == 503)
        {
            return [];
        }
    }

    private async Task<IChatClient> ConnectAsync(Kind kind, EmbeddedGateway gateway, string user)
    {
        var client = await Clients.ConnectAsync(kind, gateway.Server, $"?rooms={_room}&user={user}");
        _clients.Add(client);
        return client;
    }

    private Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(
        options =>
        {
            (options.Redis.Enabled, options.Redis.Connection, options.Rooms.PresenceGrace) = (true, [_redis.Address], Grace);
            (options.MetricsStream.Enabled, options.MetricsStream.IntervalMs, options.Logging.Level) = (
                true, 100, Microsoft.Extensions.Logging.LogLevel.Error);
        },
        NamedUsers.Add);
}
