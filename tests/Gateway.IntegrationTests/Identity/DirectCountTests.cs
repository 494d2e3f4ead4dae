using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary><c>direct</c> reaches every connection of a user, wherever it is, and says how many they are.</summary>
public sealed class DirectCountTests(TwoReplicasForAnyone replicas) : IClassFixture<TwoReplicasForAnyone>
{
    private const string Key = "?rooms=&guest_key=one-user-of-many-connections";

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task AllConnectionsOnAllReplicasAreCounted(Kind kind)
    {
        var key = Key + kind;
        await using var first = await RawClient.ConnectAsync(replicas.A.Server, key);
        await using var second = await SignalRClient.ConnectAsync(replicas.A.Server, key);
        await using var third = await RawClient.ConnectAsync(replicas.B.Server, key);
        await using var sender = await Clients.ConnectAsync(kind, replicas.B.Server, "?rooms=");
        var to = ((IChatClient)first).UserId;

        Assert.Equal(3, await CountAsync());
        foreach (IChatClient client in new IChatClient[] { first, second, third })
            Assert.Equal("psst", (await client.NextAsync("direct")).Text("content"));

        await third.DisposeAsync();
        await Deadline.Until(async () => await CountAsync() == 2, "the connection that is gone is not counted");
        await first.DisposeAsync();
        await second.DisposeAsync();
        await Deadline.Until(async () => await Record.ExceptionAsync(CountAsync) is GatewayError { Code: 404 }, "the user is gone");

        async Task<int> CountAsync() =>
            (await sender.RequestAsync("direct", new { to, content = "psst" })).GetProperty("connections").GetInt32();
    }

    [Fact]
    public async Task ReplicaThatDoesNotAnswerIsNotWaitedForLong()
    {
        await using var here = await RawClient.ConnectAsync(replicas.A.Server, "?rooms=&guest_key=a-user-on-two-replicas");
        await using var there = await RawClient.ConnectAsync(replicas.B.Server, "?rooms=&guest_key=a-user-on-two-replicas");
        await using var onlyThere = await RawClient.ConnectAsync(replicas.B.Server, "?rooms=");
        await using var sender = await RawClient.ConnectAsync(replicas.A.Server, "?rooms=");
        replicas.B.Suspend();
        try
        {
            var counted = await sender.RequestAsync("direct", new { to = ((IChatClient)here).UserId, content = "psst" });
            var unknown = await Assert.ThrowsAsync<GatewayError>(
                () => sender.RequestAsync("direct", new { to = ((IChatClient)onlyThere).UserId, content = "psst" }));

            Assert.Equal((1, 503), (counted.GetProperty("connections").GetInt32(), unknown.Code));
        }
        finally
        {
            replicas.B.Resume();
        }
        Assert.Equal("psst", (await onlyThere.NextAsync("direct")).Text("content")); // not known is not the same as not arrived
    }

    [Fact]
    public async Task ManyAtOnceAreEachCounted()
    {
        await using var receiver = await RawClient.ConnectAsync(replicas.A.Server, "?rooms=");
        await using var sender = await RawClient.ConnectAsync(replicas.B.Server, "?rooms=");
        var to = ((IChatClient)receiver).UserId;

        var counts = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => sender.RequestAsync("direct", new { to, content = $"{i}" }))).Within("all answers");

        Assert.All(counts, count => Assert.Equal(1, count.GetProperty("connections").GetInt32()));
        await Deadline.Until(() => receiver.All.Count(message => message.Type == "direct") == 200, "all have come");
    }
}
