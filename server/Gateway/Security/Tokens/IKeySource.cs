namespace Gateway.Security.Tokens;

/// <summary>Where the keys come from that tokens are checked with.</summary>
internal interface IKeySource
{
    /// <summary><c>null</c>: there are none yet.</summary>
    KeySet? Current { get; }

    /// <summary>Looks for newer keys, unless it has just done so. Completes in bounded time; what came of it is in <see cref="Current"/>.</summary>
    Task RefreshAsync();

    /// <summary>Begins to look for newer ones if those it has are old. Waits for nothing.</summary>
    void RefreshIfOld();
}

/// <summary>A key from the configuration: it stays what it is.</summary>
internal sealed class FixedKey(TokenKey key) : IKeySource
{
    public KeySet Current { get; } = new(null, [key]);

    public Task RefreshAsync() => Task.CompletedTask;

    public void RefreshIfOld()
    {
    }
}
