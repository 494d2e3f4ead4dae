using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>An application's hub on two servers, whose Redis dies and comes back with its data.</summary>
public sealed class RedisAwayHubTests
{
    private const int Messages = 300;
    private const int BeforeOutage = 100;

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task MessagesWaitForRedisAndKeepTheirOrder(bool toAll)
    {
        await using var redis = await RedisServer.StartAsync(keepsData: true);
        await using var here = await ChatServer.StartAsync(gateway => gateway.AddRedis(redis.Address));
        await using var there = await ChatServer.StartAsync(gateway => gateway.AddRedis(redis.Address));
        using var near = await here.ConnectAsync();
        using var far = await there.ConnectAsync();
        Task<List<int>>[] reading = [ChatServer.ReadNumbersAsync(near, Messages), ChatServer.ReadNumbersAsync(far, Messages)];

        var receivers = toAll ? here.Hub.Clients.All : here.Hub.Clients.Group("room");
        for (var i = 1; i <= BeforeOutage; i++) await SendAsync(receivers, i);
        var sending = SendRestAsync(receivers);
        await redis.KillAsync();
        await redis.RestartAsync();
        await sending.Within("Redis to take everything", TimeSpan.FromSeconds(60));

        foreach (var numbers in reading)
            Assert.Equal(Enumerable.Range(1, Messages), await numbers.Within("everything to arrive", TimeSpan.FromSeconds(60)));
    }

    /// <summary>What is sent while Redis dies, is away and comes back.</summary>
    private static async Task SendRestAsync(IClientProxy receivers)
    {
        for (var i = BeforeOutage + 1; i <= Messages; i++) await SendAsync(receivers, i);
    }

    private static Task SendAsync(IClientProxy receivers, int number) =>
        receivers.SendAsync("number", number).Within("a message to be accepted", TimeSpan.FromSeconds(30));
}
