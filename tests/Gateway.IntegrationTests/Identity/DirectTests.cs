using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>
/// By default <c>direct</c> reaches those who share a room with the sender, on whichever replica, and tells nothing of anybody else.
/// </summary>
public sealed class DirectTests(TwoReplicas replicas) : IClassFixture<TwoReplicas>
{
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task StrangersAreNeitherWrittenToNorToldOf(Kind kind)
    {
        await using var sender = await Clients.ConnectAsync(kind, replicas.A.Server, "?rooms=here,metrics");
        await using var here = await RawClient.ConnectAsync(replicas.A.Server, "?rooms=elsewhere,metrics");
        await using var there = await RawClient.ConnectAsync(replicas.B.Server, "?rooms=elsewhere");
        await using var neighbour = await Clients.ConnectAsync(kind, replicas.B.Server, "?rooms=here");

        foreach (var stranger in new[] { ((IChatClient)here).UserId, ((IChatClient)there).UserId, "guest-of-nobody" })
        {
            var refused = await Assert.ThrowsAsync<GatewayError>(() => SendAsync(stranger));
            Assert.Equal((404, $"user {stranger} is not connected"), (refused.Code, refused.Text));
        }

        Assert.Equal(1, (await SendAsync(neighbour.UserId)).GetProperty("connections").GetInt32());
        Assert.Equal("psst", (await neighbour.NextAsync("direct")).Text("content"));
        await there.RequestAsync("join", new { room = "here" });
        Assert.Equal(1, (await SendAsync(((IChatClient)there).UserId)).GetProperty("connections").GetInt32());
        Assert.DoesNotContain(here.All, m => m.Type == "direct");

        Task<System.Text.Json.JsonElement> SendAsync(string to) => sender.RequestAsync("direct", new { to, content = "psst" });
    }
}
