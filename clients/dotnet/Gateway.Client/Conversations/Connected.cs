namespace Gateway.Client.Conversations;

/// <summary>
/// The present connection, and how fast rooms are entered on it: not all at once, and slower when the gateway says that it was too much.
/// </summary>
internal sealed class Connected(ILink link) : IDisposable
{
    private const int AtOnce = 16;

    private readonly SemaphoreSlim _turnstile = new(AtOnce);
    private readonly CancellationTokenSource _over = new();

    public ILink Link => link;

    /// <summary>Cancelled when the connection has gone.</summary>
    public CancellationToken Over => _over.Token;

    public async Task<T> PassAsync<T>(Func<Task<T>> call)
    {
        await _turnstile.WaitAsync(Over).ConfigureAwait(false);
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (GatewayException refused) when (refused.Code == "429")
        {
            await Task.Delay(refused.RetryAfter ?? TimeSpan.FromSeconds(1), Over).ConfigureAwait(false); // whoever is behind waits as well
            throw;
        }
        finally
        {
            _turnstile.Release();
        }
    }

    public void End() => _over.Cancel();

    public void Dispose()
    {
        _over.Dispose();
        _turnstile.Dispose();
    }
}
