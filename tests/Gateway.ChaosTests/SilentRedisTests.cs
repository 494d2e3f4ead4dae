using System.Diagnostics;
using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>
/// The network between one replica and Redis drops everything, and nobody is told. The other replica reaches Redis. What the replica missed
/// is filled from the rooms' histories, and nothing is lost.
/// </summary>
public sealed class SilentRedisTests : IAsyncLifetime
{
    /// <summary>How long a dead connection may go unnoticed, replacement and catching up included.</summary>
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(15);

    /// <summary>The same, where the network is there again.</summary>
    private static readonly TimeSpan Healed = TimeSpan.FromSeconds(5);

    private RedisServer _redis = null!;
    private NetworkProxy _network = null!;
    private Replicas _replicas = null!;
    private Crowd _crowd = null!;

    public static TheoryData<int> Partitions => LongRuns.Outages(8, 20, 60);

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _network = new NetworkProxy(_redis.Port);
        _replicas = await Replicas.StartAsync(0, "--logging:level=information"); // why a connection ended
        await _replicas.AddAsync("--redis:enabled=true", $"--redis:connection={_network.Address}"); // the first
        await _replicas.AddAsync("--redis:enabled=true", $"--redis:connection={_redis.Address}");
        _crowd = await Crowd.GatherAsync(_replicas.Addresses, TimeSpan.FromSeconds(200));
        _crowd.Send();
        await _crowd.UntilAcknowledgedAsync(500);
    }

    public async ValueTask DisposeAsync()
    {
        await _crowd.DisposeAsync();
        await _replicas.DisposeAsync();
        await _network.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task NothingIsMissingWhenOnlyTheSubscriptionsGoSilent()
    {
        Assert.True(_network.Silence(link => link.IsSubscription) > 0);
        await UntilEverybodyHearsAsync("in spite of the silence", Noticed);

        await JudgeAsync();
        Assert.True(await ReplacedAsync() > 0);
        Assert.Contains("does not respond", Cut.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingIsMissingWhenOnlyTheCommandsGoSilent()
    {
        Assert.True(_network.Silence(link => !link.IsSubscription) > 0);
        await UntilEverybodyHearsAsync("in spite of the silence", Noticed);

        await JudgeAsync();
        Assert.True(await ReplacedAsync() > 0);
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task NothingIsMissingAfterAPartition(int seconds)
    {
        _network.SilenceAll();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        _network.Heal(oldLinksToo: false);
        await UntilEverybodyHearsAsync("after the partition", Healed);

        await JudgeAsync();
    }

    [Fact]
    public async Task NothingIsMissingWhenEverythingArrivesLateAndLinksAreCut()
    {
        _network.Delay = TimeSpan.FromMilliseconds(100);
        for (var i = 0; i < 4; i++)
        {
            await _crowd.UntilAcknowledgedAsync(200);
            _network.Cut();
        }
        await _crowd.UntilAcknowledgedAsync(200);

        await JudgeAsync();
    }

    private GatewayProcess Cut => _replicas.All[0];

    /// <summary>Every client of either replica gets something that was acknowledged after this was called.</summary>
    private async Task UntilEverybodyHearsAsync(string when, TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        var before = _crowd.Clients.SelectMany(client => client.Rooms).ToDictionary(room => room, room => room.Position!.Offset);
        var head = before.Values.Max();
        await Deadline.Until(
            () => before.Keys.All(room => room.Position is { } at && at.Offset > head + 50), $"everybody hears the others {when}", limit);
        await _crowd.UntilEverySenderIsAcknowledgedAsync(when, limit - Stopwatch.GetElapsedTime(began));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"everybody hears the others after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
    }

    private async Task JudgeAsync()
    {
        (await _crowd.JudgeAsync()).NothingIsMissing();
        await _crowd.StayedConnectedAsync(_replicas);
    }

    private async Task<double> ReplacedAsync() => (await Cut.ScrapeAsync())["gateway_backplane_replaced_total"].Value;
}
