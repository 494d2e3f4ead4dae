using Gateway.AspNetCore.Domains;

namespace Gateway.AspNetCore.Hubs;

/// <summary>The broadcast domain of one hub class of the application.</summary>
/// <param name="domain">The domain.</param>
internal sealed class HubDomain(GatewayDomain domain)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStarting;

    public GatewayDomain Domain => domain;

    /// <summary>Completes when the domain runs: with the application, or soon after its first use.</summary>
    public Task Started => _started.Task;

    public async Task StartAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_isStarting) return;
            _isStarting = true;
        }
        try
        {
            foreach (var service in domain.GetAll<IHostedService>()) await service.StartAsync(cancel);
            _started.SetResult();
        }
        catch (Exception fault)
        {
            _started.SetException(fault);
            throw;
        }
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        lock (_lock)
            if (!_isStarting) return;
        foreach (var service in domain.GetAll<IHostedService>().Reverse()) await service.StopAsync(cancel);
    }
}
