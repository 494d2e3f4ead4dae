using Gateway.Core.Supervision;

namespace Gateway.Redis.Servers;

/// <summary>
/// Asks one server every second, on both connections, whether it answers and takes writes, and says so. Where a connection is open but silent, or does not come back by
/// itself, it makes a new link, and goes on until one answers: the new one, or the old one after all.
/// </summary>
internal sealed class RedisHealth(RedisConnection server, RedisEvents events, SupervisedLoop loop, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>So long a connection may be silent. Less than a publisher waits for Redis: then it does not notice.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2.5);

    /// <summary>So long a new link has to answer, once it is connected.</summary>
    private static readonly TimeSpan NewLinkLimit = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private Task _running = Task.CompletedTask;
    private string? _trouble = "";

    /// <summary>Completes after the first look.</summary>
    public async Task StartAsync()
    {
        if (!server.Link.IsConnected || !await TryLookAsync()) await NoteWhyAsync();
        _running = loop.RunAsync(WaitAndLookAsync, _stop.Token);
    }

    /// <summary>The library has lost a connection, and tries to get it back.</summary>
    public void OnFailed(string connection)
    {
        Note($"{server.Name} is away", $" ({connection})");
        try
        {
            _wake.Release();
        }
        catch (Exception over) when (over is SemaphoreFullException or ObjectDisposedException)
        {
            // It is to look anyway, or there is no need any more.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task<bool> WaitAndLookAsync(CancellationToken stop)
    {
        await _wake.WaitAsync(Interval, stop);
        if (!await TryLookAsync()) await ReplaceAsync();
        return true;
    }

    private async Task<bool> TryLookAsync()
    {
        var link = server.Link;
        var result = await link.ProbeAsync(server.ProbeKey, Limit);
        if (result.Silent is { } silent)
        {
            if (link.IsConnected) events.ReportSilent(server.Name, silent, Limit);
            Note($"{server.Name} is away");
            return false;
        }
        Note(result.Refusal.Length == 0 ? null : $"{server.Name} takes no writes: {result.Refusal}");
        return true;
    }

    private async Task ReplaceAsync()
    {
        var began = time.GetTimestamp();
        var old = server.Link;
        var revival = old.ProbeAsync(server.ProbeKey, Limit);
        while (!_stop.IsCancellationRequested)
        {
            var opening = TryOpenAsync();
            while (await Task.WhenAny(opening, revival) == revival && !opening.IsCompleted)
            {
                if ((await revival).Answers)
                {
                    server.Close(opening);
                    await TryLookAsync();
                    return;
                }
                revival = old.ProbeAsync(server.ProbeKey, Limit);
            }
            if (await opening is { } link)
            {
                server.Adopt(link);
                events.ReportReplaced(server.Name, time.GetElapsedTime(began));
                await TryLookAsync();
                return;
            }
            await NoteWhyAsync();
            await Task.Delay(Pause, time, _stop.Token);
        }
    }

    /// <returns><c>null</c> if the new link does not answer either.</returns>
    private async Task<RedisLink?> TryOpenAsync()
    {
        var link = await server.OpenLinkAsync();
        if (link.IsConnected && (await link.ProbeAsync(server.ProbeKey, NewLinkLimit)).Answers) return link;
        server.Close(Task.FromResult<RedisLink?>(link));
        return null;
    }

    private async Task NoteWhyAsync()
    {
        var why = await server.AskWhyAsync(NewLinkLimit);
        Note(why.Length == 0 ? $"{server.Name} is away" : $"{server.Name} is away: {why}");
    }

    /// <param name="detail">For the log alone.</param>
    private void Note(string? trouble, string detail = "")
    {
        var before = Interlocked.Exchange(ref _trouble, trouble);
        server.Note(trouble);
        if (before == trouble) return;
        if (trouble == null) events.ReportBack(server.Name);
        else events.ReportTrouble(trouble + detail);
    }
}
