using Gateway.AspNetCore.Domains;
namespace Gateway.AspNetCore.Hosting;

/// <summary>Starts and stops what runs in the named hubs; the default one's belongs to the host itself.</summary>
internal sealed class DomainHost(GatewayDomains hubs) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var hub in hubs.Named)
            foreach (var part in hub.GetAll<IHostedService>())
                await part.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var hub in hubs.Named)
            foreach (var part in hub.GetAll<IHostedService>().Reverse())
                await part.StopAsync(cancellationToken);
    }
}
