using System.Globalization;
using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>Redis stays, and the replicas' connections to it do not.</summary>
public sealed class RedisConnectionTests
{
    [Fact]
    public async Task NothingIsMissingWhenSubscriptionsAreKilledAgainAndAgain()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        for (var i = 0; i < 8; i++)
        {
            await crowd.UntilAcknowledgedAsync(400);
            await KillOfBothAsync(redis, "pubsub");
        }
        await crowd.UntilAcknowledgedAsync(400);

        (await crowd.JudgeAsync()).NothingIsMissing();
        var filled = 0.0;
        foreach (var replica in replicas.All) filled += (await replica.ScrapeAsync())["gateway_backplane_filled_total"].Value;
        Assert.True(filled > 0, "no message was missed: nothing was put to the test");
    }

    [Fact]
    public async Task NothingIsMissingWhenItIsNotKnownWhetherAMessageWasPublished()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        for (var i = 0; i < 8; i++)
        {
            await crowd.UntilAcknowledgedAsync(400);
            await KillOfBothAsync(redis, "normal SKIPME yes");
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

    /// <summary>A replica may still be on its way back from the last time.</summary>
    private static Task KillOfBothAsync(RedisServer redis, string type)
    {
        var killed = 0;
        return Deadline.Until(
            async () =>
                (killed += int.Parse((await redis.CommandAsync($"CLIENT KILL TYPE {type}"))[1..], CultureInfo.InvariantCulture)) >= 2,
            "both replicas' connections are killed");
    }
}
