using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>Everything at once: Redis restarts, its connections are killed, and clients come and go meanwhile.</summary>
public sealed class StormTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatIsMissingIsTold(bool keepsData)
    {
        await using var redis = await RedisServer.StartAsync(keepsData);
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        var unrest = crowd.DropAtRandomAsync(TimeSpan.FromSeconds(7));
        await crowd.UntilAcknowledgedAsync(500);
        await redis.CommandAsync("CLIENT KILL TYPE pubsub");
        await crowd.UntilAcknowledgedAsync(500);
        await redis.KillAsync();
        await redis.RestartAsync();
        await crowd.UntilAcknowledgedAsync(500);
        await redis.CommandAsync("CLIENT KILL TYPE normal");
        await unrest;
        await crowd.UntilAcknowledgedAsync(500);

        var verdict = await crowd.JudgeAsync();
        if (keepsData) verdict.NothingIsMissing();
        else verdict.NothingIsUntold();
    }
}
