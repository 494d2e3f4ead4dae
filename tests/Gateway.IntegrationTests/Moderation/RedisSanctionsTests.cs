using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Supervision;
using Gateway.Core.Tests;
using Gateway.Core.Tests.Moderation;
using Gateway.Lifecycle;
using Gateway.Redis;
using Gateway.Redis.Moderation;
using Gateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.IntegrationTests.Moderation;

/// <summary>The spec that the in-process sanctions pass too, against a real Redis; and what several replicas make of it.</summary>
public sealed class RedisSanctionsTests : SanctionsSpec
{
    private readonly List<Replica> _replicas = [];
    private RedisServer _redis = null!;

    public override async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    protected override async ValueTask<ISanctions> OpenAsync() => (await StartAsync()).Sanctions;

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
        b.Sanctions.Imposed += _ => Interlocked.Increment(ref heard);

        await a.Sanctions.ImposeAsync(Of(SanctionKind.Ban, "ada", null, null)).Bounded();

        await Deadline.Until(() => b.Sanctions.Find(SanctionKind.Ban, "ada") != null, "b knows", TimeSpan.FromSeconds(1));
        await Deadline.Until(() => Volatile.Read(ref heard) == 1, "b tells of it", TimeSpan.FromSeconds(1));
        var c = await StartAsync();
        Assert.NotNull(c.Sanctions.Find(SanctionKind.Ban, "ada"));
        Assert.True(await c.Sanctions.LiftAsync(SanctionKind.Ban, "ada").Bounded());
        await Deadline.Until(() => a.Sanctions.Find(SanctionKind.Ban, "ada") == null && b.Sanctions.Find(SanctionKind.Ban, "ada") == null, "all know", TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task ThousandChangesFromTwoReplicasEndAlikeEverywhere()
    {
        var (a, b, c) = (await StartAsync(), await StartAsync(), await StartAsync());

        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var one = i % 2 == 0 ? a : b;
            if (i % 5 == 4) await one.Sanctions.LiftAsync(SanctionKind.Mute, $"user{i % 50}", "team");
            else await one.Sanctions.ImposeAsync(Of(SanctionKind.Mute, $"user{i % 50}", "team", Long));
        }).Bounded();

        IEnumerable<DateTimeOffset?> Seen(Replica replica) => Enumerable.Range(0, 50).Select(i => replica.Sanctions.Find(SanctionKind.Mute, $"user{i}", "team")?.Since);
        await Deadline.Until(() => Seen(a).SequenceEqual(Seen(b)) && Seen(a).SequenceEqual(Seen(c)), "all show the same", TimeSpan.FromSeconds(2));
        Assert.True(Seen(a).Count(s => s != null) >= 40);
    }

    [Fact]
    public async Task WhenRedisHasLostItsDataTheReplicasWriteItAgain()
    {
        var a = await StartAsync();
        await a.Sanctions.ImposeAsync(Of(SanctionKind.Ban, "ada", null, null)).Bounded();
        await _redis.KillAsync();
        await _redis.RestartAsync();

        await Deadline.Until(async () => await _redis.CommandAsync("HLEN gw:{sanctions}:standing") == ":3", "it stands in Redis again");

        Assert.NotNull(a.Sanctions.Find(SanctionKind.Ban, "ada"));
        Assert.NotNull((await StartAsync()).Sanctions.Find(SanctionKind.Ban, "ada"));
    }

    [Fact]
    public async Task WhatIsOverIsTakenOutOfRedis()
    {
        var a = await StartAsync();
        for (var i = 0; i < 20; i++) await a.Sanctions.ImposeAsync(Of(SanctionKind.Mute, $"user{i}", null, TimeSpan.FromMilliseconds(1))).Bounded();

        await Deadline.Until(async () =>
        {
            await a.Sanctions.ImposeAsync(Of(SanctionKind.Ban, "ada", null, null));
            return await _redis.CommandAsync("HLEN gw:{sanctions}:standing") == ":3";
        }, "only the ban is left");
        Assert.Equal(":0", await _redis.CommandAsync("ZCARD gw:{sanctions}:ends"));
    }

    [Fact]
    public async Task WhileRedisIsAwayWhatIsKnownHoldsAndNothingIsPromised()
    {
        var a = await StartAsync();
        await a.Sanctions.ImposeAsync(Of(SanctionKind.Ban, "ada", null, null)).Bounded();
        await _redis.KillAsync();

        Assert.NotNull(a.Sanctions.Find(SanctionKind.Ban, "ada"));
        await Assert.ThrowsAsync<Core.Broadcast.BackplaneException>(() => a.Sanctions.ImposeAsync(Of(SanctionKind.Ban, "bob", null, null)).Bounded());
        Assert.Null(a.Sanctions.Find(SanctionKind.Ban, "bob"));
    }

    private async Task<Replica> StartAsync()
    {
        var replica = await Replica.StartAsync(_redis);
        _replicas.Add(replica);
        return replica;
    }

    private sealed class Replica(RedisServers redis, RedisSanctions sanctions, GatewayMeter meter) : IAsyncDisposable
    {
        public RedisSanctions Sanctions => sanctions;

        public static async Task<Replica> StartAsync(RedisServer server)
        {
            var (keys, meter) = (new RedisKeys("gw"), new GatewayMeter());
            var options = new GatewayOptions { Redis = { Enabled = true, Connection = [server.Address] } };
            var supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance);
            var redis = new RedisServers(options, keys, new ReadinessState(), meter, supervisor, TimeProvider.System, NullLogger<RedisConnection>.Instance);
            await redis.OpenAsync().Bounded();
            var sanctions = new RedisSanctions(redis, keys, supervisor, TimeProvider.System, NullLogger<RedisSanctions>.Instance);
            await sanctions.StartAsync(default).Bounded();
            return new Replica(redis, sanctions, meter);
        }

        public async ValueTask DisposeAsync()
        {
            await sanctions.StopAsync(default).Bounded();
            sanctions.Dispose();
            await redis.DisposeAsync();
            meter.Dispose();
        }
    }
}
