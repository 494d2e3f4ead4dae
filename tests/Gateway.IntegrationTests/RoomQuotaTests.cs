using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>What rooms leave in Redis: nothing where nothing was said, and no more than allowed where something was.</summary>
public sealed class RoomQuotaTests(RoomQuotaReplicas replicas) : IClassFixture<RoomQuotaReplicas>
{
    private readonly string _prefix = "r" + Guid.NewGuid().ToString("N")[..8];

    private RedisServer Redis => replicas.Redis;

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomsInWhichNothingWasSaidLeaveNothingBehind(Kind kind)
    {
        var rooms = string.Join(',', Enumerable.Range(0, 50).Select(i => $"{_prefix}{i}"));
        foreach (var replica in new[] { replicas.A, replicas.B })
        {
            await using var client = await Clients.ConnectAsync(kind, replica.Server, "?rooms=" + rooms);
            await client.RequestAsync("presence", new { status = "away" });
            await client.RequestAsync("join", new { room = _prefix + "1", since = new { epoch = "00000000", offset = 0 } });
            await client.RequestAsync("history", new { room = _prefix + "2" });
            Assert.NotEqual(":0", await KeysAsync("gw:{" + _prefix + "*"));
        }
        await Deadline.Until(
            async () => await KeysAsync("gw:{" + _prefix + "*") == ":0", "nothing of the rooms is in Redis", TimeSpan.FromSeconds(60));
    }

    /// <summary>Its replica looks after it, for as long as somebody is there.</summary>
    [Fact]
    public async Task SilentRoomWithMembersIsNotForgotten()
    {
        await using var client = await RawClient.ConnectAsync(replicas.A.Server, "?rooms=watched");
        var epoch = client.Welcome.GetProperty("rooms")[0].GetProperty("epoch").GetString();
        await Redis.CommandAsync("PEXPIRE gw:{watched}:position 5000");

        await Deadline.Until(
            async () => int.Parse((await Redis.CommandAsync("PTTL gw:{watched}:position"))[1..]) > 8000, "it is looked at");
        await client.ChatAsync("hello", "watched");

        Assert.Equal(epoch, (await client.RequestAsync("join", new { room = "watched" })).GetProperty("epoch").GetString());
        Assert.True(int.Parse((await Redis.CommandAsync("PTTL gw:{watched}:position"))[1..]) > TimeSpan.FromDays(6).TotalMilliseconds);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomsTogetherHoldNoMoreThanAllowedAndThoseThatWereSilentLongestMakeWay(Kind kind)
    {
        await using var speaker = await Clients.ConnectAsync(kind, replicas.A.Server, "?rooms=");
        await using var listener = await Clients.ConnectAsync(kind, replicas.B.Server, $"?rooms={_prefix}0");
        var since = listener.Welcome.GetProperty("rooms")[0];
        for (var i = 0; i < 60; i++)
        {
            await speaker.RequestAsync("join", new { room = _prefix + i });
            await speaker.ChatAsync(new string('x', 30_000), _prefix + i);
            if (i % 10 == 9)
                await Deadline.Until(
                    async () => await Redis.CommandAsync($"ZSCORE gw:{{rooms}}:used {_prefix}{i}") != "$-1", "it is reported");
            if (i > 0) await speaker.RequestAsync("leave", new { room = _prefix + i });
        }

        await Deadline.Until(
            async () => await HeldAsync() <= RoomQuotaReplicas.MaxBytes, "the histories are bounded", TimeSpan.FromSeconds(60));
        await Deadline.Until(
            async () => (await replicas.B.ScrapeAsync())["gateway_redis_rooms_bytes"].Value is > 0 and <= RoomQuotaReplicas.MaxBytes,
            "the metric says so", TimeSpan.FromSeconds(60));
        Assert.Equal(":1", await Redis.CommandAsync($"EXISTS gw:{{{_prefix}59}}:history"));
        Assert.Equal(
            ":0", await Redis.CommandAsync($"EXISTS gw:{{{_prefix}0}}:history gw:{{{_prefix}1}}:history gw:{{{_prefix}1}}:position"));
        Assert.Equal(":1", await Redis.CommandAsync($"EXISTS gw:{{{_prefix}0}}:position")); // somebody is there
        Assert.Equal("chat", (await listener.NextAsync("chat")).Type);
        Assert.DoesNotContain(listener.All, m => m.Type == "system" && m.Text("event") == "gap");

        await using var back = await Clients.ConnectAsync(kind, replicas.A.Server, "?rooms=");
        var answer = await back.RequestAsync(
            "join",
            new
            {
                room = _prefix + "0",
                since = new { epoch = since.GetProperty("epoch").GetString(), offset = since.GetProperty("offset").GetInt64() }
            });
        Assert.Equal("history too short", answer.GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task HubFullOfRoomsRefusesMoreAndCountsIt(Kind kind)
    {
        await Deadline.Until(
            async () => (await replicas.A.ScrapeAsync())["gateway_rooms"].Value == 0, "the rooms of other tests are empty");
        await using var client = await Clients.ConnectAsync(
            kind, replicas.A.Server,
            "?rooms=" + string.Join(',', Enumerable.Range(0, RoomQuotaReplicas.MaxRooms).Select(i => _prefix + i)));
        var refused = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("join", new { room = "more" }));
        Assert.Equal(503, refused.Code);
        Assert.Contains("too many rooms", refused.Text, StringComparison.Ordinal);
        Assert.True((await replicas.A.ScrapeAsync())["gateway_rooms_refused_total"].Value >= 1);
    }

    private Task<string> KeysAsync(string pattern) => Redis.CommandAsync($"EVAL \"return #redis.call('KEYS', '{pattern}')\" 0");

    private async Task<long> HeldAsync() => long.Parse((await Redis.CommandAsync(
        "EVAL \"local sum = 0 for _, key in ipairs(redis.call('KEYS', 'gw:*:history')) do "
        + "sum = sum + redis.call('MEMORY', 'USAGE', key) end return sum\" 0"))[1..]);
}

/// <summary>Two gateway processes with small bounds for rooms, shared by the tests of the class.</summary>
public sealed class RoomQuotaReplicas : IAsyncLifetime
{
    public const int MaxBytes = 1_048_576;
    public const int MaxRooms = 70;

    public RedisServer Redis { get; private set; } = null!;
    public GatewayProcess A { get; private set; } = null!;
    public GatewayProcess B { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        var arguments = new[]
        {
            "--redis:enabled=true", "--redis:connection=" + Redis.Address, $"--redis:history_max_bytes={MaxBytes}",
            "--redis:presence_lease=1s", "--rooms:presence_grace=100ms",
            $"--rooms:max_rooms={MaxRooms}", "--rate_limit:messages=0", "--metrics_stream:enabled=false",
        };
        (A, B) = (await GatewayProcess.StartAsync(arguments), await GatewayProcess.StartAsync(arguments));
    }

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
