using Gateway.ChaosTests.Clients;
using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>Redis is killed while everyone talks, and comes back with all, with some or with none of what it knew.</summary>
public sealed class RedisRestartTests
{
    [Fact]
    public async Task NothingIsMissingAfterARestartWithItsData()
    {
        await using var redis = await RedisServer.StartAsync(keepsData: true);
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        for (var outage = 0; outage < 2; outage++)
        {
            await crowd.UntilAcknowledgedAsync(1000);
            await redis.KillAsync();
            await redis.RestartAsync();
        }
        await crowd.UntilAcknowledgedAsync(1000);

        (await crowd.JudgeAsync()).NothingIsMissing();
    }

    [Fact]
    public async Task WhatIsLostWithItsDataIsToldToEveryone()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        for (var outage = 0; outage < 2; outage++)
        {
            await crowd.UntilAcknowledgedAsync(1000);
            await redis.KillAsync();
            await redis.RestartAsync();
        }
        await crowd.UntilAcknowledgedAsync(1000);

        var verdict = await crowd.JudgeAsync();
        verdict.NothingIsUntold();
        Assert.Equal(crowd.Clients.Sum(client => client.Rooms.Count) * 2, verdict.EpochChanges); // to each once for each outage
    }

    [Fact]
    public async Task OffsetsThatGoBackAreANewEpoch()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(1000);
        Assert.Equal("+OK", await redis.CommandAsync("SAVE"));
        await crowd.UntilAcknowledgedAsync(1000);
        await redis.KillAsync();
        await redis.RestartAsync(); // with the snapshot, which is a thousand messages old
        await crowd.UntilAcknowledgedAsync(1000);

        var verdict = await crowd.JudgeAsync();
        verdict.NothingIsUntold();
        Assert.Equal(crowd.Clients.Sum(client => client.Rooms.Count), verdict.EpochChanges);
    }

    [Fact]
    public async Task WhoComesAfterwardsIsToldTheNewEpoch()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var member = await RawClient.ConnectAsync(replicas.Addresses[0], "?rooms=room");
        for (var i = 0; i < 3; i++) await member.RequestAsync("chat", new { room = "room", content = "before" });
        await redis.KillAsync();
        await redis.RestartAsync();
        var changed = await member.NextAsync("system", TimeSpan.FromSeconds(20));
        // a replica that noticed the restart in between says this first
        if (changed.Text("event") == "presence_reset") changed = await member.NextAsync("system", TimeSpan.FromSeconds(20));
        Assert.Equal(("gap", "epoch changed"), (changed.Text("event"), changed.Text("reason")));
        Assert.Equal(1, (await member.RequestAsync("chat", new { room = "room", content = "after" })).GetProperty("offset").GetInt64());
        // until it is there, a newcomer of that replica joins ahead of it
        while ((await member.NextAsync("chat")).Text("content") != "after")
        {
        }

        foreach (var replica in replicas.Addresses)
        {
            await using var newcomer = await RawClient.ConnectAsync(replica, "?rooms=");
            var joined = await newcomer.RequestAsync("join", new { room = "room" });
            Assert.Equal((changed.Text("epoch"), 1), (joined.GetProperty("epoch").GetString(), joined.GetProperty("offset").GetInt64()));
        }
    }

    [Fact]
    public async Task MembersOfASilentRoomAreToldToo()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var replicas = await Replicas.StartAsync(redis);
        await using var crowd = await Crowd.GatherAsync(replicas.Addresses);
        crowd.Send();
        await crowd.UntilAcknowledgedAsync(200);
        await crowd.HushAsync();
        await redis.KillAsync();
        await redis.RestartAsync();

        await Deadline.Until(
            () => crowd.Clients.All(client => client.Rooms.All(room => room.All.OfType<EpochChanged>().Any())),
            "everyone is told, though nobody says anything", TimeSpan.FromSeconds(20));
        (await crowd.JudgeAsync()).NothingIsUntold();
    }
}
