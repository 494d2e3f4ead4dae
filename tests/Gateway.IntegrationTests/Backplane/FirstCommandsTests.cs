using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Backplane;

/// <summary>The first remote commands and receiver counts of a replica, all at once.</summary>
public sealed class FirstCommandsTests
{
    private const int FreshReplicas = 12, AtOnce = 8;

    [Fact]
    public async Task FirstRemoteCommandsAndCountsOfAReplicaMayComeAtOnce()
    {
        await using var redis = await RedisServer.StartAsync();
        for (var i = 0; i < FreshReplicas; i++)
        {
            await using var replica = await RedisReplica.OpenAsync([redis.Address]);
            using var together = new Barrier(AtOnce);
            var asked = Enumerable.Range(0, AtOnce).Select(_ => Task.Factory.StartNew(async () =>
            {
                together.SignalAndWait(TimeSpan.FromSeconds(10));
                var entered = replica.Backplane.SendCommandAsync(new RemoteCommand("nowhere", RemoteAction.Join, "room"));
                var counted = replica.Backplane.PublishToUserAsync("nobody", new Message("x", "1"u8.ToArray()));
                return (await entered, await counted);
            }, TaskCreationOptions.LongRunning).Unwrap());
            Assert.All(
                await Task.WhenAll(asked).Within("the answers", TimeSpan.FromSeconds(40)),
                answer => Assert.Equal((Error.NoSuchConnection, 0), answer));
        }
    }

    [Fact]
    public async Task CommandThatFoundRedisUnavailableDoesNotKeepTheNextFromBeingSent()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replica = await RedisReplica.OpenAsync([redis.Address]);
        await redis.KillAsync();
        await Assert.ThrowsAsync<BackplaneException>(
            () => replica.Backplane.SendCommandAsync(
                new RemoteCommand("nowhere", RemoteAction.Join, "room")).Within("the refusal", TimeSpan.FromSeconds(30)));
        await redis.RestartAsync();
        await Deadline.Until(() => replica.Readiness.Reasons.Count == 0, "Redis is back", TimeSpan.FromSeconds(40));

        Assert.Equal(
            Error.NoSuchConnection,
            (await replica.Backplane.SendCommandAsync(new RemoteCommand("nowhere", RemoteAction.Join, "room")).Within("the answer")).Error);
    }
}
