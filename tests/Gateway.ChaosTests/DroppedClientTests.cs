using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>Clients lose their connections at any moment, and come back after up to two seconds, to whichever replica.</summary>
public sealed class DroppedClientTests
{
    private static readonly TimeSpan Unrest = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task NothingIsMissingForThoseWhoComeBackToEitherReplica()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.DropAtRandomAsync(Unrest);
        await crowd.UntilAcknowledgedAsync(1000);

        var verdict = await crowd.JudgeAsync();
        verdict.NothingIsMissing();
        Assert.True(verdict.Resumed > 20);
    }

    [Fact]
    public async Task NothingIsMissingWithoutRedis()
    {
        await using var replicas = await Replicas.StartAsync(1);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.DropAtRandomAsync(Unrest);
        await crowd.UntilAcknowledgedAsync(1000);

        var verdict = await crowd.JudgeAsync();
        verdict.NothingIsMissing();
        Assert.True(verdict.Resumed > 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RoomThatEverybodyLosesAtOnceIsStillThere(bool withRedis)
    {
        await using var redis = withRedis ? await RedisServer.StartAsync() : null;
        await using var replicas = withRedis ? await Replicas.StartAsync(redis!) : await Replicas.StartAsync(1);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(500);
        foreach (var client in crowd.Clients) client.Drop(TimeSpan.FromMilliseconds(500));
        await crowd.UntilAcknowledgedAsync(500);

        (await crowd.JudgeAsync()).NothingIsMissing();
    }
}
