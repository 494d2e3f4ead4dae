using System.Diagnostics;
using System.Net;
using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>Redis stays away for longer than anyone waits for it.</summary>
public sealed class RedisAwayTests
{
    [Fact]
    public async Task SendersAreRefusedInTimeClientsStayAndEverythingGoesOnAfterwards()
    {
        await using var redis = await RedisServer.StartAsync(keepsData: true);
        // why a connection ended
        await using var replicas = await Replicas.StartAsync(redis, "--redis:publish_timeout=1s", "--logging:level=information");
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(500);

        await redis.KillAsync();
        var began = Stopwatch.GetTimestamp();
        await Deadline.Until(() => crowd.Senders.All(sender => sender.Refusals > 0), "every sender is refused");
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.5, 4);
        foreach (var replica in replicas.All) Assert.Equal(HttpStatusCode.ServiceUnavailable, await Replicas.ReadinessAsync(replica));
        foreach (var listener in crowd.Clients.Except(crowd.Senders)) // a connection's commands are answered one after the other
        {
            var fastest = TimeSpan.MaxValue; // each takes the publish timeout if pings wait for publications
            for (var i = 0; i < 3 && fastest.TotalSeconds > 0.8; i++)
            {
                var asked = Stopwatch.GetTimestamp();
                await listener.PingAsync();
                fastest = Stopwatch.GetElapsedTime(asked);
            }
            Assert.InRange(fastest.TotalSeconds, 0, 0.8);
        }

        await redis.RestartAsync();
        await crowd.UntilAcknowledgedAsync(500);
        await Deadline.Until(replicas.AreReadyAsync, "the replicas are ready");
        (await crowd.JudgeAsync()).NothingIsMissing();
        await crowd.StayedConnectedAsync(replicas);
    }

    [Fact]
    public async Task GatewayThatStartedWithoutItServesAsSoonAsItIsThere()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.KillAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        foreach (var replica in replicas.All) Assert.Equal(HttpStatusCode.ServiceUnavailable, await Replicas.ReadinessAsync(replica));
        await using var crowd = Crowd.Start(replicas.Addresses);
        crowd.Send();

        await redis.RestartAsync();
        await Deadline.Until(replicas.AreReadyAsync, "the replicas are ready", TimeSpan.FromSeconds(30));
        await crowd.UntilAcknowledgedAsync(1000);

        (await crowd.JudgeAsync()).NothingIsMissing();
    }
}
