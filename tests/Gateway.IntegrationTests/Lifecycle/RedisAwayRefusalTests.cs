using System.Diagnostics;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Lifecycle;

public sealed class RedisAwayRefusalTests
{
    [Fact]
    public async Task FirstRefusalTakesThePublishTimeoutAndTheNextOnesNone()
    {
        var redis = await RedisServer.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync(
            "--redis:enabled=true", "--redis:connection=" + redis.Address + ",connectTimeout=500", "--redis:publish_timeout=3s");
        await using var client = await RawClient.ConnectAsync(gateway.Server);
        await client.RequestAsync("chat", new { content = "before" });
        await redis.KillAsync();
        Assert.Equal(503, (await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("chat", new { content = "first" }))).Code);

        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 5; i++)
            Assert.Equal(503, (await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("chat", new { content = "next" }))).Code);
        // 15 s if each waited for the publish timeout
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 9);

        await redis.RestartAsync();
        await using (redis)
        {
            await Deadline.Until(async () =>
            {
                try
                {
                    await client.RequestAsync("chat", new { content = "after" });
                    return true;
                }
                catch (GatewayError)
                {
                    return false;
                }
            }, "messages are taken again", TimeSpan.FromSeconds(30));
        }
    }
}
