using System.Text;
using Gateway.Core.Commands;
using Gateway.IntegrationTests.Presence;
using Gateway.Redis.Servers;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Backplane;

/// <summary>Names that mean something to Redis: patterns, hash tags, separators. They are names like any other.</summary>
public sealed class HostileNameTests : IAsyncLifetime
{
    private static readonly string[] Users = ["ada", "*", "ad?", "a*", "[a]da", "{ada}", "}ada", "{", "%7D", "ada:1", "ada*"];

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
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task DirectMessageReachesItsUserOnceAndNobodyElse()
    {
        var clients = new List<IChatClient>();
        for (var i = 0; i < Users.Length; i++)
        {
            var query = $"?rooms=&user={Uri.EscapeDataString(Users[i])}";
            clients.Add(i % 2 == 0 ? await RawClient.ConnectAsync(_a.Server, query) : await SignalRClient.ConnectAsync(_b.Server, query));
        }
        foreach (var user in Users) await clients[0].RequestAsync("direct", new { to = user, content = "for " + user });
        await clients[0].RequestAsync("direct", new { to = "ada", content = "the end" });

        for (var i = 0; i < Users.Length; i++)
        {
            Assert.Equal(Users[i], clients[i].UserId);
            Assert.Equal("for " + Users[i], (await clients[i].NextAsync("direct")).Text("content"));
        }
        await Deadline.Until(() => clients[0].All.Any(m => m.Text("content") == "the end"), "the last one has come");
        for (var i = 1; i < Users.Length; i++) Assert.Single(clients[i].All, m => m.Type == "direct");
        Assert.Equal(2, clients[0].All.Count(m => m.Type == "direct"));
        foreach (var client in clients) await client.DisposeAsync();
    }

    [Theory]
    [InlineData("}x")]
    [InlineData("{x")]
    [InlineData("{}")]
    [InlineData("a}b{c")]
    [InlineData("?[x]")]
    [InlineData("%7Dx")]
    [InlineData("replicas")]
    public async Task RoomOfAnyNameIsARoom(string room)
    {
        await using IChatClient ada = await RawClient.ConnectAsync(_a.Server, "?rooms=&user=ada");
        await using IChatClient bob = await SignalRClient.ConnectAsync(_b.Server, "?rooms=&user=bob");
        foreach (var client in new[] { ada, bob }) await client.RequestAsync("join", new { room });
        await ada.RequestAsync("chat", new { room, content = "hello", message_id = room });
        Assert.Equal("hello", (await bob.NextAsync("chat")).Text("content"));
        Assert.Equal(2, (await bob.RequestAsync("presence", new { room })).GetProperty("count").GetInt32());
        Assert.Single(
            (await ada.RequestAsync("history", new { room })).GetProperty("messages").EnumerateArray(),
            m => m.GetProperty("type").GetString() == "chat");
    }

    /// <summary>All keys of a room have one hash tag, which is not empty, and no two rooms have a key in common.</summary>
    [Fact]
    public void KeysOfARoomAreOnOneNodeAndNobodyElses()
    {
        var keys = new RedisKeys("gw");
        var random = new Random(3);
        var owners = new Dictionary<string, string>();
        for (var i = 0; i < 20_000; i++)
        {
            var room = new StringBuilder();
            for (var length = random.Next(1, 6); room.Length < length;) room.Append("{}%:7BDax*"[random.Next(10)]);
            var name = room.ToString();
            string[] own =
            [
                keys.Position(name), keys.History(name), keys.LastBatch(name, "r"), keys.MessageIdempotencyKey(name, "m"),
                keys.Members(name), keys.Leaving(name), keys.Channel(Core.Messages.Audience.Room(name))
            ];
            var tag = Assert.Single(own.Select(TagOf).Distinct());
            Assert.NotEqual("", tag);
            foreach (var key in own)
                if (!owners.TryAdd(key, name)) Assert.Equal(owners[key], name);
        }
        Assert.Equal("gw:{lobby}:position", keys.Position("lobby"));
    }

    /// <summary>What Redis Cluster hashes of a key: the text between the first { and the first } after it, if it is not empty.</summary>
    private static string TagOf(string key)
    {
        var begin = key.IndexOf('{', StringComparison.Ordinal);
        var end = key.IndexOf('}', begin + 1);
        return end > begin + 1 ? key[(begin + 1)..end] : "";
    }

    private Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(
        options =>
        {
            (options.Redis.Enabled, options.Redis.Connection) = (true, [_redis.Address]);
            options.Messages.Direct = DirectReach.Anyone;
        }, NamedUsers.Add);
}
