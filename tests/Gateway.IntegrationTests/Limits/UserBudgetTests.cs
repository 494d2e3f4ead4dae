using Gateway.Configuration;
using Gateway.Redis.Servers;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>One user, several connections, one budget: on one replica and on two.</summary>
public sealed class UserBudgetTests
{
    private const int Budget = 200;

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task ConnectionsOnOneReplicaShareTheBudget(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => Set(o, null), Moderation.UsersWithRoles.Add);
        await using var first = await Clients.ConnectAsync(kind, gateway.Server, "?user=ada");
        await using var second = await Clients.ConnectAsync(kind, gateway.Server, "?user=ada");
        await using var other = await Clients.ConnectAsync(kind, gateway.Server, "?user=bob");

        Assert.Equal(Budget, await SendAsync(first, Budget / 2) + await SendAsync(second, Budget));
        Assert.Equal(10, await SendAsync(other, 10));
    }

    [Theory]
    [InlineData(Kind.Raw, true)]
    [InlineData(Kind.SignalR, true)]
    [InlineData(Kind.Raw, false)]
    public async Task UserOnTwoReplicasHasOneBudget(Kind kind, bool atOnce)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await EmbeddedGateway.StartAsync(o => Set(o, redis), Moderation.UsersWithRoles.Add);
        await using var b = await EmbeddedGateway.StartAsync(o => Set(o, redis), Moderation.UsersWithRoles.Add);
        await using var first = await Clients.ConnectAsync(kind, a.Server, "?user=ada");
        await using var second = await Clients.ConnectAsync(kind, b.Server, "?user=ada");

        var passed = atOnce
            ? (await Task.WhenAll(SendAsync(first, Budget), SendAsync(second, Budget))).Sum()
            : await SendAsync(first, Budget * 5 / 4) + await SendAsync(second, Budget * 5 / 4);
        // What one replica holds idle comes back to the other in a moment.
        await Deadline.Until(
            async () => await SendAsync(second, 10) == 0 && (passed += await SendAsync(first, 10)) >= 0 && passed >= Budget * 9 / 10,
            "the budget is used up");

        Assert.InRange(passed, Budget * 9 / 10, Budget * 11 / 10);
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

        Assert.Equal(Budget / 2, await SendAsync(client, Budget));
    }

    private static void Set(ProgramOptions options, RedisServer? redis)
    {
        (options.RateLimit.PerUser.Messages, options.RateLimit.PerUser.Window) = (Budget, TimeSpan.FromMinutes(10));
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
