using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Redis.Rooms;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Hosting;

/// <summary>Connects to Redis at the start, there or not, and sees to it that what is for everyone is listened to.</summary>
internal sealed class RedisStartup(RedisServers servers, RedisBackplane backplane, Supervisor supervisor) : IHostedService
{
    private readonly CancellationTokenSource _stop = new();
    private Task _listening = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await servers.OpenAsync();
        backplane.Watch();
        _listening = ListenAsync();
        if (servers.For(Audience.Everyone).IsUp) await _listening;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _listening;
        _stop.Dispose();
    }

    private Task ListenAsync() => supervisor.Loop("redis_start").RunAsync(
        async _ =>
        {
            try
            {
                await backplane.SubscribeAsync(Audience.Everyone);
                return false;
            }
            catch (BackplaneException)
            {
                return true; // Redis is not there yet. Each attempt takes its time.
            }
        },
        _stop.Token);
}
