using Gateway.Testing;

namespace Gateway.IntegrationTests.Testing;

public sealed class RedisServerTests
{
    [Theory]
    [InlineData(true, "$4")]
    [InlineData(false, "$-1")]
    public async Task KilledServerComesBackOnItsPortWithItsDataIfItKeepsAny(bool keepsData, string expected)
    {
        await using var redis = await RedisServer.StartAsync(keepsData);
        var address = redis.Address;
        Assert.Equal("+OK", await redis.CommandAsync("SET key data"));

        await redis.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => redis.CommandAsync("PING"));
        await redis.RestartAsync();

        Assert.Equal(address, redis.Address);
        Assert.Equal(expected, await redis.CommandAsync("GET key"));
    }
}
