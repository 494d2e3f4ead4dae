using Gateway.Testing;

namespace Gateway.IntegrationTests.Presence;

/// <summary>What members are told of one another takes nothing from what was said: over both dialects, on two replicas.</summary>
public sealed class AnnouncementTests(TwoReplicas replicas) : IClassFixture<TwoReplicas>
{
    private readonly string _room = "room-" + Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task WhoComesBackGetsWhatWasSaidHoweverManyCameAndWentMeanwhile(Kind kind)
    {
        await using var speaker = await Clients.ConnectAsync(kind, replicas.A.Server, $"?rooms={_room}");
        await speaker.ChatAsync("before", _room);
        var since = await speaker.RequestAsync("join", new { room = _room });
        await speaker.ChatAsync("missed", _room);

        for (var i = 0; i < 4; i++)
        {
            await using var noisy = await Clients.ConnectAsync(kind, replicas.B.Server, $"?rooms={_room}&username=name{i}");
            for (var j = 0; j < 15; j++) await noisy.RequestAsync("presence", new { status = $"status {i} {j}" });
            for (var j = 0; j < 10; j++)
            {
                await noisy.RequestAsync("leave", new { room = _room });
                await noisy.RequestAsync("join", new { room = _room });
            }
        }

        await using var back = await Clients.ConnectAsync(kind, replicas.B.Server, "?rooms=");
        var answer = await back.RequestAsync(
            "join",
            new
            {
                room = _room,
                since = new { epoch = since.GetProperty("epoch").GetString(), offset = since.GetProperty("offset").GetInt64() }
            });
        Assert.True(answer.GetProperty("recovered").GetBoolean());
        Assert.Equal((1, 2L), (answer.GetProperty("replayed").GetInt32(), answer.GetProperty("offset").GetInt64()));
        Assert.Equal("missed", (await back.NextAsync("chat")).Text("content"));
        var history = (await back.RequestAsync("history", new { room = _room })).GetProperty("messages");
        Assert.Equal(
            ["before", "missed"], history.EnumerateArray().Select(m => m.GetProperty("payload").GetProperty("content").GetString()));
        Assert.Equal(4 * 15, speaker.All.Count(m => m.Type == "presence"));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task StatusesAreBoundedAndTheRefusalSaysWhenToTryAgain(Kind kind)
    {
        await using var client = await Clients.ConnectAsync(kind, replicas.A.Server, $"?rooms={_room}");
        for (var i = 0; i < 20; i++) await client.RequestAsync("presence", new { status = "s" + i });

        var refused = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("presence", new { status = "more" }));
        Assert.Equal(429, refused.Code);
        await client.ChatAsync("still allowed", _room);
    }
}
