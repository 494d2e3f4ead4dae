namespace Gateway.Core.Supervision;

/// <summary>Lets one line a second through and counts the others, so that a fault cannot flood the log.</summary>
internal sealed class LogThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long _last;
    private int _suppressed;

    /// <param name="suppressed">The number of suppressed lines since the last one.</param>
    public bool TryEnter(out int suppressed)
    {
        suppressed = 0;
        var last = Volatile.Read(ref _last);
        if ((last != 0 && time.GetElapsedTime(last) < Interval)
            || Interlocked.CompareExchange(ref _last, time.GetTimestamp(), last) != last)
        {
            Interlocked.Increment(ref _suppressed);
            return false;
        }
        suppressed = Interlocked.Exchange(ref _suppressed, 0);
        return true;
    }
}
