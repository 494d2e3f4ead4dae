namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>Where the keys come from that tokens are checked with.</summary>
internal interface IKeySource
{
    /// <summary><c>null</c>: there are none yet.</summary>
    KeySet? Current { get; }

    /// <summary>
    /// Looks for newer keys, unless it has just done so. Completes in bounded time; what came of it is in <see cref="Current"/>.
    /// </summary>
    Task RefreshAsync();

    /// <summary>Begins to look for newer ones if those it has are old. Waits for nothing.</summary>
    void RefreshIfOld();
}

/// <summary>Keys from the configuration: they stay what they are.</summary>
internal sealed class FixedKeys(params IReadOnlyList<SigningKey> keys) : IKeySource
{
    public KeySet Current { get; } = new(null, keys);

    public Task RefreshAsync() => Task.CompletedTask;

    public void RefreshIfOld()
    {
    }
}
