using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Supervision;
using Gateway.Core.Tests;
using Gateway.Core.Tests.Moderation;
using Gateway.Redis.Moderation;
using Gateway.Redis.Options;
using Gateway.Redis.Servers;
using Gateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.IntegrationTests.Moderation;

/// <summary>The spec that the in-process restrictions pass too, against a real Redis; and what several replicas make of it.</summary>
public sealed class RedisRestrictionStoreTests : RestrictionStoreSpec
{
    private readonly List<Replica> _replicas = [];
    private RedisServer _redis = null!;

    public override async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    protected override async ValueTask<IRestrictionStore> OpenAsync() => (await StartAsync()).Restrictions;

    protected override async ValueTask CloseAsync()
    {
        foreach (var replica in _replicas) await replica.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task EveryReplicaKnowsWithinASecondAndANewOneFromItsStart()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        var heard = 0;
        b.Restrictions.Imposed += _ => Interlocked.Increment(ref heard);

        await a.Restrictions.ImposeAsync(Of(RestrictionKind.Ban, "ada", null, null)).Bounded();

        await Deadline.Until(() => b.Restrictions.Find(RestrictionKind.Ban, "ada") != null, "b knows", TimeSpan.FromSeconds(1));
        await Deadline.Until(() => Volatile.Read(ref heard) == 1, "b tells of it", TimeSpan.FromSeconds(1));
        var c = await StartAsync();
        Assert.NotNull(c.Restrictions.Find(RestrictionKind.Ban, "ada"));
        Assert.True(await c.Restrictions.LiftAsync(RestrictionKind.Ban, "ada").Bounded());
        await Deadline.Until(
            () => a.Restrictions.Find(RestrictionKind.Ban, "ada") == null && b.Restrictions.Find(RestrictionKind.Ban, "ada") == null,
            "all know", TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task ThousandChangesFromTwoReplicasEndAlikeEverywhere()
    {
        var (a, b, c) = (await StartAsync(), await StartAsync(), await StartAsync());

        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var one = i % 2 == 0 ? a : b;
            if (i % 5 == 4) await one.Restrictions.LiftAsync(RestrictionKind.Mute, $"user{i % 50}", "team");
            else await one.Restrictions.ImposeAsync(Of(RestrictionKind.Mute, $"user{i % 50}", "team", Long));
        }).Bounded();

        IEnumerable<DateTimeOffset?> Seen(Replica replica) =>
            Enumerable.Range(0, 50).Select(i => replica.Restrictions.Find(RestrictionKind.Mute, $"user{i}", "team")?.Since);
        await Deadline.Until(
            () => Seen(a).SequenceEqual(Seen(b)) && Seen(a).SequenceEqual(Seen(c)), "all show the same", TimeSpan.FromSeconds(2));
        Assert.True(Seen(a).Count(s => s != null) >= 40);
    }

    [Fact]
    public async Task WhenRedisHasLostItsDataTheReplicasWriteItAgain()
    {
        var a = await StartAsync();
        await a.Restrictions.ImposeAsync(Of(RestrictionKind.Ban, "ada", null, null)).Bounded();
        await _redis.KillAsync();
        await _redis.RestartAsync();

        await Deadline.Until(async () => await _redis.CommandAsync("HLEN gw:{sanctions}:standing") == ":3", "it stands in Redis again");

        Assert.NotNull(a.Restrictions.Find(RestrictionKind.Ban, "ada"));
        Assert.NotNull((await StartAsync()).Restrictions.Find(RestrictionKind.Ban, "ada"));
    }

    [Fact]
    public async Task WhatIsOverIsTakenOutOfRedis()
    {
        var a = await StartAsync();
        for (var i = 0; i < 20; i++)
            await a.Restrictions.ImposeAsync(Of(RestrictionKind.Mute, $"user{i}", null, TimeSpan.FromMilliseconds(1))).Bounded();

        await Deadline.Until(async () =>
        {
            await a.Restrictions.ImposeAsync(Of(RestrictionKind.Ban, "ada", null, null));
            return await _redis.CommandAsync("HLEN gw:{sanctions}:standing") == ":3";
        }, "only the ban is left");
        Assert.Equal(":0", await _redis.CommandAsync("ZCARD gw:{sanctions}:ends"));
    }

    [Fact]
    public async Task WhileRedisIsAwayWhatIsKnownHoldsAndNothingIsPromised()
    {
        var a = await StartAsync();
        await a.Restrictions.ImposeAsync(Of(RestrictionKind.Ban, "ada", null, null)).Bounded();
        await _redis.KillAsync();

        Assert.NotNull(a.Restrictions.Find(RestrictionKind.Ban, "ada"));
        await Assert.ThrowsAsync<Core.Broadcast.BackplaneException>(
            () => a.Restrictions.ImposeAsync(Of(RestrictionKind.Ban, "bob", null, null)).Bounded());
        Assert.Null(a.Restrictions.Find(RestrictionKind.Ban, "bob"));
    }

    private async Task<Replica> StartAsync()
    {
        var replica = await Replica.StartAsync(_redis);
        _replicas.Add(replica);
        return replica;
    }

    private sealed class Replica(RedisServers redis, RedisRestrictionStore restrictions, GatewayMeter meter) : IAsyncDisposable
    {
        public RedisRestrictionStore Restrictions => restrictions;

        public static async Task<Replica> StartAsync(RedisServer server)
        {
            var (keys, meter) = (new RedisKeys("gw"), new GatewayMeter());
            var options = new RedisOptions { Connection = [server.Address] };
            var supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance);
            var redis = new RedisServers(
                options, keys, new ReadinessState(), meter, supervisor, TimeProvider.System, NullLogger<RedisConnection>.Instance);
            await redis.OpenAsync().Bounded();
            var restrictions = new RedisRestrictionStore(
                redis, keys, supervisor, TimeProvider.System, NullLogger<RedisRestrictionStore>.Instance);
            await restrictions.StartAsync(default).Bounded();
            return new Replica(redis, restrictions, meter);
        }

        public async ValueTask DisposeAsync()
        {
            await restrictions.StopAsync(default).Bounded();
            restrictions.Dispose();
            await redis.DisposeAsync();
            meter.Dispose();
        }
    }
}
