using System.Diagnostics;
using Gateway.Testing;

namespace Gateway.IntegrationTests.AnyReplica;

/// <summary>Stock .NET clients that negotiate, and raw ones, through a balancer that sends each request to the next replica.</summary>
public sealed class AnyReplicaTests(ThreeReplicas gateway) : IClassFixture<ThreeReplicas>
{
    /// <summary>How many; the pipeline's time is short, so more by hand.</summary>
    private static readonly int Connects = int.TryParse(
        Environment.GetEnvironmentVariable("GATEWAY_TEST_CONNECTS"), out var wanted) ? wanted : 100;

    [Fact]
    public async Task EveryClientThatNegotiatesConnectsUnderItsTrueIdAndHearsTheOthers()
    {
        var clients = new IChatClient[Connects];
        var began = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, Connects), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
        {
            var client = await SignalRClient.ConnectAsync(gateway.Server, "?rooms=crowd", negotiates: true);
            clients[i] = client;
            Assert.Equal(client.Hub.ConnectionId, client.Welcome.GetProperty("connection_id").GetString());
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{Connects} connects in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        Assert.Equal(3, clients.Select(client => client.Welcome.GetProperty("replica").GetString()).Distinct().Count());

        await using var raw = await RawClient.ConnectAsync(gateway.Server, "?rooms=crowd");
        IChatClient[] speakers = [raw, .. clients[..4]];
        foreach (var speaker in speakers) await speaker.ChatAsync("from " + speaker.ConnectionId, "crowd");
        foreach (var listener in clients.Append(raw))
            foreach (var speaker in speakers)
                Assert.Equal("from " + speaker.ConnectionId, (await listener.NextAsync("chat")).Text("content"));
        foreach (var client in clients) await client.DisposeAsync();
    }

    /// <summary>It is addressed by the id that was reserved for it, from wherever.</summary>
    [Fact]
    public async Task ConnectionIsKnownByTheReservedIdOnly()
    {
        await using var client = await SignalRClient.ConnectAsync(gateway.Server, negotiates: true);
        var seen = await client.RequestAsync("presence", new { room = "lobby" });

        Assert.Contains(
            seen.GetProperty("members").EnumerateArray(),
            member => member.GetProperty("user_id").GetString() == ((IChatClient)client).UserId);
        Assert.Equal(client.Hub.ConnectionId, ((IChatClient)client).ConnectionId);
    }
}
