using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Redis;

/// <summary>Connects to Redis at the start and listens to what is for everyone.</summary>
internal sealed class RedisStart(RedisConnection redis, IBackplane backplane) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await redis.OpenAsync();
        await backplane.SubscribeAsync(Audience.Everyone);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
