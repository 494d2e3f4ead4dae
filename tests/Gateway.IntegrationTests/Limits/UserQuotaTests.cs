using Gateway.Configuration;
using Gateway.Redis.Servers;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>One user, several connections, one quota: on one replica and on two.</summary>
public sealed class UserQuotaTests
{
    private const int Quota = 200;

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task ConnectionsOnOneReplicaShareTheQuota(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => Set(o, null), Moderation.UsersWithRoles.Add);
        await using var first = await Clients.ConnectAsync(kind, gateway.Server, "?user=ada");
        await using var second = await Clients.ConnectAsync(kind, gateway.Server, "?user=ada");
        await using var other = await Clients.ConnectAsync(kind, gateway.Server, "?user=bob");

        Assert.Equal(Quota, await SendAsync(first, Quota / 2) + await SendAsync(second, Quota));
        Assert.Equal(10, await SendAsync(other, 10));
    }

    [Theory]
    [InlineData(Kind.Raw, true)]
    [InlineData(Kind.SignalR, true)]
    [InlineData(Kind.Raw, false)]
    public async Task UserOnTwoReplicasHasOneQuota(Kind kind, bool atOnce)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await EmbeddedGateway.StartAsync(o => Set(o, redis), Moderation.UsersWithRoles.Add);
        await using var b = await EmbeddedGateway.StartAsync(o => Set(o, redis), Moderation.UsersWithRoles.Add);
        await using var first = await Clients.ConnectAsync(kind, a.Server, "?user=ada");
        await using var second = await Clients.ConnectAsync(kind, b.Server, "?user=ada");

        var passed = atOnce
            ? (await Task.WhenAll(SendAsync(first, Quota), SendAsync(second, Quota))).Sum()
            : await SendAsync(first, Quota * 5 / 4) + await SendAsync(second, Quota * 5 / 4);
        // What one replica holds idle comes back to the other in a moment.
        await Deadline.Until(
            async () => await SendAsync(second, 10) == 0 && (passed += await SendAsync(first, 10)) >= 0 && passed >= Quota * 9 / 10,
            "the quota is used up");

        Assert.InRange(passed, Quota * 9 / 10, Quota * 11 / 10);
    }

    [Fact]
    public async Task WhileRedisIsAwayEachReplicaHasItsShare()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await EmbeddedGateway.StartAsync(o => Set(o, redis), Moderation.UsersWithRoles.Add);
        await using var b = await EmbeddedGateway.StartAsync(o => Set(o, redis), Moderation.UsersWithRoles.Add);
        await Deadline.Until(() => a.Get<Core.Replicas.IReplicaRegistry>().Counts.Replicas == 2, "a sees both");
        await using var client = await RawClient.ConnectAsync(a.Server, "?user=ada");
        await redis.KillAsync();
        await Deadline.Until(() => !a.Get<Gateway.Redis.Servers.RedisServers>().All[0].IsUp, "a notices");

        Assert.Equal(Quota / 2, await SendAsync(client, Quota));
    }

    private static void Set(ProgramOptions options, RedisServer? redis)
    {
        (options.RateLimit.PerUser.Messages, options.RateLimit.PerUser.Window) = (Quota, TimeSpan.FromMinutes(10));
        if (redis == null) return;
        options.Redis.Enabled = true;
        options.Redis.Connection = [redis.Address];
    }

    /// <returns>How many were let through.</returns>
    private static async Task<int> SendAsync(IChatClient client, int count)
    {
        var passed = 0;
        for (var i = 0; i < count; i++)
        {
            try
            {
                await client.RequestAsync("ping", null);
                passed++;
            }
            catch (GatewayError error) when (error.Code == 429)
            {
                // Counted by not being counted.
            }
        }
        return passed;
    }
}
