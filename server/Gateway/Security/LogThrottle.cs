namespace Gateway.Security;

/// <summary>For a log line that strangers can cause: lets one through each second, and says how many it stands for.</summary>
internal sealed class LogThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long _last;
    private int _count;

    /// <param name="count">How often it happened since the last line, this time included.</param>
    public bool TryTake(out int count)
    {
        Interlocked.Increment(ref _count);
        count = 0;
        var last = Volatile.Read(ref _last);
        if (last != 0 && time.GetElapsedTime(last) < Interval) return false;
        if (Interlocked.CompareExchange(ref _last, time.GetTimestamp(), last) != last) return false;
        count = Interlocked.Exchange(ref _count, 0);
        return true;
    }
}
