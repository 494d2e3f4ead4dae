using Gateway.Core.Supervision;

namespace Gateway.Redis.Servers;

/// <summary>
/// Probes both connections to one server every second and reports whether it responds and accepts writes. When an open connection does not
/// respond, or a broken one does not come back by itself, it opens new links until one responds: a new one, or the old one after all.
/// </summary>
internal sealed class RedisHealth(RedisConnection server, RedisEvents events, SupervisedLoop loop, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long a connection may take to respond. Shorter than a publisher waits for Redis, so publishers do not fail.</summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2.5);

    /// <summary>How long a new link may take to respond once it is connected.</summary>
    private static readonly TimeSpan NewLinkTimeout = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private Task _running = Task.CompletedTask;
    private string? _lastFault = "";

    /// <summary>Completes after the first probe.</summary>
    public async Task StartAsync()
    {
        if (!server.Link.IsConnected || !await TryProbeAsync()) await DiagnoseAsync();
        _running = loop.RunAsync(WaitAndProbeAsync, _stop.Token);
    }

    /// <summary>Called when the library has lost a connection and tries to restore it.</summary>
    public void OnFailed(string connection)
    {
        SetFault($"{server.Name} is unavailable", $" ({connection})");
        try
        {
            _wake.Release();
        }
        catch (Exception fault) when (fault is SemaphoreFullException or ObjectDisposedException)
        {
            // A probe is due anyway, or the loop has ended.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task<bool> WaitAndProbeAsync(CancellationToken stop)
    {
        await _wake.WaitAsync(Interval, stop);
        if (!await TryProbeAsync()) await ReplaceAsync();
        return true;
    }

    private async Task<bool> TryProbeAsync()
    {
        var link = server.Link;
        var result = await link.ProbeAsync(server.ProbeKey, ProbeTimeout);
        if (result.Unresponsive is { } connection)
        {
            if (link.IsConnected) events.ReportUnresponsive(server.Name, connection, ProbeTimeout);
            SetFault($"{server.Name} is unavailable");
            return false;
        }
        SetFault(result.WriteError.Length == 0 ? null : $"{server.Name} rejects writes: {result.WriteError}");
        return true;
    }

    private async Task ReplaceAsync()
    {
        var start = time.GetTimestamp();
        var old = server.Link;
        var oldLinkProbe = old.ProbeAsync(server.ProbeKey, ProbeTimeout);
        while (!_stop.IsCancellationRequested)
        {
            var opening = TryOpenAsync();
            while (await Task.WhenAny(opening, oldLinkProbe) == oldLinkProbe && !opening.IsCompleted)
            {
                if ((await oldLinkProbe).IsResponsive)
                {
                    server.Close(opening);
                    await TryProbeAsync();
                    return;
                }
                oldLinkProbe = old.ProbeAsync(server.ProbeKey, ProbeTimeout);
            }
            if (await opening is { } link)
            {
                server.SwitchTo(link);
                events.ReportReplaced(server.Name, time.GetElapsedTime(start));
                await TryProbeAsync();
                return;
            }
            await DiagnoseAsync();
            await Task.Delay(RetryInterval, time, _stop.Token);
        }
    }

    /// <returns><c>null</c> if the new link does not respond either.</returns>
    private async Task<RedisLink?> TryOpenAsync()
    {
        var link = await server.OpenLinkAsync();
        if (link.IsConnected && (await link.ProbeAsync(server.ProbeKey, NewLinkTimeout)).IsResponsive) return link;
        server.Close(Task.FromResult<RedisLink?>(link));
        return null;
    }

    private async Task DiagnoseAsync()
    {
        var error = await server.DiagnoseAsync(NewLinkTimeout);
        SetFault(error.Length == 0 ? $"{server.Name} is unavailable" : $"{server.Name} is unavailable: {error}");
    }

    /// <param name="detail">Appended in the log only.</param>
    private void SetFault(string? fault, string detail = "")
    {
        var before = Interlocked.Exchange(ref _lastFault, fault);
        server.SetFault(fault);
        if (before == fault) return;
        if (fault == null) events.ReportAvailable(server.Name);
        else events.ReportUnavailable(fault + detail);
    }
}
