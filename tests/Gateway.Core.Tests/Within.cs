namespace Gateway.Core.Tests;

/// <summary>Deadlines for everything that a test waits for.</summary>
internal static class Within
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static Task Bounded(this Task task) => task.WaitAsync(Deadline, TestContext.Current.CancellationToken);

    public static Task<T> Bounded<T>(this Task<T> task) => task.WaitAsync(Deadline, TestContext.Current.CancellationToken);

    public static Task Bounded(this ValueTask task) => task.AsTask().Bounded();

    public static Task<T> Bounded<T>(this ValueTask<T> task) => task.AsTask().Bounded();

    /// <summary>Waits until the condition holds, giving way to whoever else runs.</summary>
    public static async Task Until(Func<bool> condition, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Deadline, what + ": not within the deadline");
            await Task.Yield();
        }
    }
}
