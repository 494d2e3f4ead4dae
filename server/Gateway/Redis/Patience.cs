namespace Gateway.Redis;

/// <summary>The client library's asynchronous commands wait for ever if Redis does not answer: this is how long ours do.</summary>
internal static class Patience
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <exception cref="TimeoutException">No answer came; the command may be carried out all the same.</exception>
    public static Task<T> Bounded<T>(this Task<T> command, TimeProvider time) => command.WaitAsync(Longest, time);

    /// <inheritdoc cref="Bounded{T}"/>
    public static Task Bounded(this Task command, TimeProvider time) => command.WaitAsync(Longest, time);
}
