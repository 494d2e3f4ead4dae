namespace Gateway.Core.Supervision;

/// <summary>Lets one log line a second through, and counts what it held back.</summary>
public sealed class LogLimit(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Guards what follows.
    private readonly Lock _lock = new();
    private long _waiting;
    private long _passedAt;

    /// <param name="count">Events since the last line, this one included.</param>
    public bool TryPass(out long count)
    {
        lock (_lock)
        {
            count = ++_waiting;
            if (_passedAt != 0 && time.GetElapsedTime(_passedAt) < Interval) return false;
            (_passedAt, _waiting) = (time.GetTimestamp(), 0);
            return true;
        }
    }
}
