using Gateway.Testing;

namespace Gateway.IntegrationTests;

public sealed class LoadTests(TwoReplicas replicas, ITestOutputHelper output) : IClassFixture<TwoReplicas>
{
    private const int Clients = 1000;
    private const int Senders = 20;
    private const int MessagesEach = 1000;

    /// <summary>1,000 members of both dialects on two replicas, 20,000 messages: 20 million deliveries, each counted.</summary>
    [Fact]
    public async Task EveryMemberGetsEveryMessageOnceAndInOrderPerSender()
    {
        var members = new CountingClient[Clients];
        await Parallel.ForEachAsync(Enumerable.Range(0, Clients), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            members[i] = await CountingClient.ConnectAsync((i % 2 == 0 ? replicas.A : replicas.B).Server, signalR: i % 4 < 2, Senders));
        var senders = new List<IChatClient>();
        for (var i = 0; i < Senders; i++)
            senders.Add(
                await IntegrationTests.Clients.ConnectAsync(
                    i % 4 < 2 ? Kind.Raw : Kind.SignalR, (i % 2 == 0 ? replicas.A : replicas.B).Server, "?rooms="));
        foreach (var sender in senders) await sender.RequestAsync("join", new { room = "crowd" });
        var started = DateTime.UtcNow;

        await Task.WhenAll(senders.Select(async (sender, s) =>
        {
            for (var n = 0; n < MessagesEach; n++) await sender.ChatAsync($"#{s}:{n}#", "crowd");
        })).Within("all messages to be acknowledged", TimeSpan.FromSeconds(150));

        await Deadline.Until(
            () => members.All(m => m.Received >= Senders * MessagesEach), "everyone has everything", TimeSpan.FromSeconds(60));
        output.WriteLine($"{Clients * Senders * MessagesEach:N0} deliveries in {(DateTime.UtcNow - started).TotalSeconds:0.0} s");
        Assert.All(members, m => Assert.Equal((Senders * MessagesEach, null), (m.Received, m.Fault)));
        foreach (var member in members) member.Dispose();
        foreach (var sender in senders) await sender.DisposeAsync();
    }
}
