using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>A replica dies or hangs; the other one and Redis go on.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task NothingIsMissingWhenAReplicaIsKilledAndItsClientsGoOnAtTheOther()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(1500);
        replicas.All[0].Kill();
        await crowd.UntilAcknowledgedAsync(1500);

        var verdict = await crowd.JudgeAsync();
        verdict.NothingIsMissing();
        Assert.True(verdict.Resumed > 0);
    }

    [Fact]
    public async Task NothingIsMissingWhenAReplicaHangsForTwoSeconds()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(1000);
        replicas.All[1].Suspend();
        await Task.Delay(TimeSpan.FromSeconds(2));
        replicas.All[1].Resume();
        await crowd.UntilAcknowledgedAsync(1000);

        (await crowd.JudgeAsync()).NothingIsMissing();
    }
}
