namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>Provides the keys that verify tokens.</summary>
internal interface IKeySource
{
    /// <summary>Gets the keys; <c>null</c> if there are none yet.</summary>
    KeySet? Current { get; }

    /// <summary>
    /// Fetches the keys again, unless that has just been done. Completes in limited time; <see cref="Current"/> has the result.
    /// </summary>
    Task RefreshAsync();

    /// <summary>Starts to fetch the keys again if they are old. Does not wait.</summary>
    void RefreshIfOld();
}

/// <summary>Keys from the configuration, which do not change.</summary>
internal sealed class FixedKeys(params IReadOnlyList<SigningKey> keys) : IKeySource
{
    public KeySet Current { get; } = new(null, keys);

    public Task RefreshAsync() => Task.CompletedTask;

    public void RefreshIfOld()
    {
    }
}
