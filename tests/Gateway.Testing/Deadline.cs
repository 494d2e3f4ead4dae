namespace Gateway.Testing;

/// <summary>Every wait in the tests has an end, and says what it waited for.</summary>
public static class Deadline
{
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(15);

    public static async Task<T> Within<T>(this Task<T> task, string what, TimeSpan? limit = null)
    {
        await ((Task)task).Within(what, limit);
        return await task;
    }

    public static async Task Within(this Task task, string what, TimeSpan? limit = null)
    {
        try
        {
            await task.WaitAsync(limit ?? Usual);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException($"waited {(limit ?? Usual).TotalSeconds:0.#} s for {what}");
        }
    }

    public static Task<T> Within<T>(this ValueTask<T> task, string what, TimeSpan? limit = null) => task.AsTask().Within(what, limit);

    /// <summary>Looks again and again until the condition holds.</summary>
    public static async Task Until(Func<bool> condition, string what, TimeSpan? limit = null)
    {
        var end = DateTime.UtcNow + (limit ?? Usual);
        while (!condition())
        {
            if (DateTime.UtcNow > end) throw new TimeoutException($"waited {(limit ?? Usual).TotalSeconds:0.#} s until {what}");
            await Task.Delay(5);
        }
    }

    public static async Task Until(Func<Task<bool>> condition, string what, TimeSpan? limit = null)
    {
        var end = DateTime.UtcNow + (limit ?? Usual);
        while (!await condition().Within(what, limit))
        {
            if (DateTime.UtcNow > end) throw new TimeoutException($"waited {(limit ?? Usual).TotalSeconds:0.#} s until {what}");
            await Task.Delay(20);
        }
    }
}
