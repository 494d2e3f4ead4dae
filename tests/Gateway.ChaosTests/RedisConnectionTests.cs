using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>Redis stays, and the replicas' connections to it do not.</summary>
public sealed class RedisConnectionTests
{
    [Theory]
    [InlineData("pubsub")] // messages go on being published, and are not heard
    [InlineData("normal")] // whether a message was published is not known
    public async Task NothingIsMissingWhenConnectionsAreKilledAgainAndAgain(string type)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        for (var i = 0; i < 8; i++)
        {
            await crowd.UntilAcknowledgedAsync(400);
            var killed = await redis.CommandAsync($"CLIENT KILL TYPE {type} SKIPME yes");
            Assert.Matches(@"^:\d+$", killed);
        }
        await crowd.UntilAcknowledgedAsync(400);

        (await crowd.JudgeAsync()).NothingIsMissing();
    }

    [Fact]
    public async Task NothingIsMissingWhenRedisDoesNotAnswerForTwoSeconds()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(1000);
        Assert.Equal("+OK", await redis.CommandAsync("CLIENT PAUSE 2000"));
        await crowd.UntilAcknowledgedAsync(1000);

        (await crowd.JudgeAsync()).NothingIsMissing();
    }
}
