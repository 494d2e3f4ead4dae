using System.Text.Json;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>What rooms leave in Redis: nothing where nothing was said, and no more than allowed where something was.</summary>
public sealed class RoomQuotaTests : IAsyncLifetime
{
    private const int MaxBytes = 1_048_576;

    private RedisServer _redis = null!;
    private GatewayProcess _a = null!;
    private GatewayProcess _b = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        var arguments = new[]
        {
            "--redis:enabled=true", "--redis:connection=" + _redis.Address, $"--redis:history_max_bytes={MaxBytes}", "--redis:presence_lease=1s", "--rooms:presence_grace=100ms",
            "--rooms:max_rooms=70", "--rate_limit:messages=0", "--metrics_stream:enabled=false",
        };
        (_a, _b) = (await GatewayProcess.StartAsync(arguments), await GatewayProcess.StartAsync(arguments));
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomsInWhichNothingWasSaidLeaveNothingBehind(Kind kind)
    {
        var rooms = string.Join(',', Enumerable.Range(0, 50).Select(i => $"silent{i}"));
        foreach (var replica in new[] { _a, _b })
        {
            await using var client = await Clients.ConnectAsync(kind, replica.Server, "?rooms=" + rooms);
            await client.RequestAsync("presence", new { status = "away" });
            await client.RequestAsync("join", new { room = "silent1", since = new { epoch = "00000000", offset = 0 } });
            await client.RequestAsync("history", new { room = "silent2" });
            Assert.NotEqual(":0", await KeysAsync("gw:{silent*"));
        }
        await Deadline.Until(async () => await KeysAsync("gw:{silent*") == ":0", "nothing of the rooms is in Redis", TimeSpan.FromSeconds(60));
    }

    /// <summary>Its replica looks after it, for as long as somebody is there.</summary>
    [Fact]
    public async Task SilentRoomWithMembersIsNotForgotten()
    {
        await using var client = await RawClient.ConnectAsync(_a.Server, "?rooms=watched");
        var epoch = client.Welcome.GetProperty("rooms")[0].GetProperty("epoch").GetString();
        await _redis.CommandAsync("PEXPIRE gw:{watched}:position 5000");

        await Deadline.Until(async () => int.Parse((await _redis.CommandAsync("PTTL gw:{watched}:position"))[1..]) > 8000, "it is looked at");
        await client.ChatAsync("hello", "watched");

        Assert.Equal(epoch, (await client.RequestAsync("join", new { room = "watched" })).GetProperty("epoch").GetString());
        Assert.True(int.Parse((await _redis.CommandAsync("PTTL gw:{watched}:position"))[1..]) > TimeSpan.FromDays(6).TotalMilliseconds);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomsTogetherHoldNoMoreThanAllowedAndThoseThatWereSilentLongestMakeWay(Kind kind)
    {
        await using var speaker = await Clients.ConnectAsync(kind, _a.Server, "?rooms=");
        await using var listener = await Clients.ConnectAsync(kind, _b.Server, "?rooms=loud0");
        var since = listener.Welcome.GetProperty("rooms")[0];
        for (var i = 0; i < 60; i++)
        {
            await speaker.RequestAsync("join", new { room = $"loud{i}" });
            await speaker.ChatAsync(new string('x', 30_000), $"loud{i}");
            if (i % 10 == 9) await Deadline.Until(async () => await _redis.CommandAsync($"ZSCORE gw:{{rooms}}:used loud{i}") != "$-1", "it is reported");
            if (i > 0) await speaker.RequestAsync("leave", new { room = $"loud{i}" });
        }

        await Deadline.Until(async () => await HeldAsync() <= MaxBytes, "the histories are bounded", TimeSpan.FromSeconds(60));
        await Deadline.Until(async () => (await _b.ScrapeAsync())["gateway_redis_rooms_bytes"].Value is > 0 and <= MaxBytes, "the metric says so", TimeSpan.FromSeconds(60));
        Assert.Equal(":1", await _redis.CommandAsync("EXISTS gw:{loud59}:history"));
        Assert.Equal(":0", await _redis.CommandAsync("EXISTS gw:{loud0}:history gw:{loud1}:history gw:{loud1}:position"));
        Assert.Equal(":1", await _redis.CommandAsync("EXISTS gw:{loud0}:position")); // somebody is there
        Assert.Equal("chat", (await listener.NextAsync("chat")).Type);
        Assert.DoesNotContain(listener.All, m => m.Type == "system" && m.Text("event") == "gap");

        await using var back = await Clients.ConnectAsync(kind, _a.Server, "?rooms=");
        var answer = await back.RequestAsync("join", new { room = "loud0", since = new { epoch = since.GetProperty("epoch").GetString(), offset = since.GetProperty("offset").GetInt64() } });
        Assert.Equal("history too short", answer.GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task HubFullOfRoomsRefusesMoreAndCountsIt(Kind kind)
    {
        await using var client = await Clients.ConnectAsync(kind, _a.Server, "?rooms=" + string.Join(',', Enumerable.Range(0, 70).Select(i => $"full{i}")));
        var refused = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("join", new { room = "more" }));
        Assert.Equal(503, refused.Code);
        Assert.Contains("too many rooms", refused.Text, StringComparison.Ordinal);
        Assert.Equal(1, (await _a.ScrapeAsync())["gateway_rooms_refused_total"].Value);
    }

    private Task<string> KeysAsync(string pattern) => _redis.CommandAsync($"EVAL \"return #redis.call('KEYS', '{pattern}')\" 0");

    private async Task<long> HeldAsync() => long.Parse((await _redis.CommandAsync(
        "EVAL \"local sum = 0 for _, key in ipairs(redis.call('KEYS', 'gw:{loud*}:history')) do sum = sum + redis.call('MEMORY', 'USAGE', key) end return sum\" 0"))[1..]);
}
