using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Redis.Rooms;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Hosting;

/// <summary>Connects to Redis at startup, whether it is available or not, and subscribes to the channel of all connections.</summary>
internal sealed class RedisStartup(RedisServers servers, RedisBackplane backplane, Supervisor supervisor) : IHostedService
{
    private readonly CancellationTokenSource _stop = new();
    private Task _subscribing = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await servers.OpenAsync();
        backplane.StartMonitoring();
        _subscribing = SubscribeAsync();
        if (servers.For(Audience.Everyone).IsUp) await _subscribing;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _subscribing;
        _stop.Dispose();
    }

    private Task SubscribeAsync() => supervisor.Loop("redis_start").RunAsync(
        async _ =>
        {
            try
            {
                await backplane.SubscribeAsync(Audience.Everyone);
                return false;
            }
            catch (BackplaneException)
            {
                return true; // Redis is not available yet. Each attempt waits for its own timeout.
            }
        },
        _stop.Token);
}
