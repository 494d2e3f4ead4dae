using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>A history that does not reach back far enough: what is missing is told exactly.</summary>
public sealed class ShortHistoryTests
{
    private const string Short = "--rooms:defaults:history=20";

    [Fact]
    public async Task WhoWasAwayForLongerIsToldWhatIsMissing()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis, Short);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        for (var i = 0; i < 3; i++)
        {
            await crowd.UntilAcknowledgedAsync(300);
            // half of them: the senders, or the others
            foreach (var client in crowd.Clients.Where((_, c) => c % 2 == i % 2)) client.Drop(TimeSpan.FromSeconds(1));
        }
        await crowd.UntilAcknowledgedAsync(300);

        var verdict = await crowd.JudgeAsync();
        verdict.NothingIsUntold();
        Assert.True(verdict.NotRecovered("history too short") > 0);
        Assert.True(verdict.Told > 0);
    }

    [Fact]
    public async Task ReplicaThatMissedMoreTellsItsClients()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis, Short);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(300);
        replicas.All[1].Suspend(); // or it would be there again at once
        await redis.CommandAsync("CLIENT KILL TYPE pubsub");
        await crowd.UntilAcknowledgedAsync(600);
        replicas.All[1].Resume();
        await crowd.UntilAcknowledgedAsync(300);

        var verdict = await crowd.JudgeAsync();
        verdict.NothingIsUntold();
        Assert.True(verdict.Gaps > 0);
    }
}
