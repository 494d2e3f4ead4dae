using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>The network between clients and their replica drops everything, and nobody is told.</summary>
public sealed class SilentClientTests
{
    public static TheoryData<int> Outages => LongRuns.Outages(5, 20, 40);

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task NothingIsMissingForClientsWhoseNetworkWasSilent(int seconds)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var network = new NetworkProxy(replicas.All[0].Server.Port);
        await using var crowd = await Crowd.GatherAsync(
            [new Uri($"http://{network.Address}"), replicas.Addresses[1]], TimeSpan.FromSeconds(150));
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(500);
        network.SilenceAll();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        network.Heal();
        await crowd.UntilAcknowledgedAsync(1000);

        (await crowd.JudgeAsync()).NothingIsMissing();
    }
}
