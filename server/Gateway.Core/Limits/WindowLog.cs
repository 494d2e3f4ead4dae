namespace Gateway.Core.Limits;

/// <summary>
/// The times of the events in the last window: a ring buffer of 16 bytes for each time. Up to a limit of <see cref="MaxMoments"/> every
/// time is exact. Above it, times are rounded up to a 1024th of the window, so that a limit of 100,000 takes 16 KiB, not 1.6 MB. A window
/// still never has more events than the limit, and an event is only rejected if the last window and a 1024th are full. The caller holds the
/// lock.
/// </summary>
internal sealed class WindowLog
{
    public const int MaxMoments = 1024;

    private const int FirstCapacity = 4;

    private (long At, int Events)[] _moments = new (long, int)[FirstCapacity];
    private int _first;
    private int _count;
    private long _events;
    private long _length;

    /// <summary>Whether the window has released this log.</summary>
    public bool IsReleased { get; set; }

    public bool TryAdd(int limit, TimeSpan window, TimeProvider time, out TimeSpan retryAfter, int cost)
    {
        var now = Expire(window, time);
        var excess = _events + Math.Min(cost, limit) - limit;
        if (excess > 0)
        {
            retryAfter = ToTime(LeavesAt(excess) - now, time);
            return false;
        }
        retryAfter = default;
        Record(now, limit, cost);
        return true;
    }

    public void Add(int limit, TimeSpan window, TimeProvider time, int cost) => Record(Expire(window, time), limit, cost);

    public void Refund(int cost)
    {
        if (_count == 0 || this[_count - 1].Events < cost) return;
        _events -= cost;
        if ((this[_count - 1].Events -= cost) == 0) _count--;
    }

    public bool IsIdle(TimeProvider time) => _count == 0 || this[_count - 1].At + _length <= time.GetTimestamp();

    private ref (long At, int Events) this[int index] => ref _moments[(_first + index) & (_moments.Length - 1)];

    /// <summary>Drops the events that have left the window. An event leaves when exactly the window's length has passed.</summary>
    private long Expire(TimeSpan window, TimeProvider time)
    {
        var now = time.GetTimestamp();
        _length = ToTimestamp(window, time);
        while (_count > 0 && this[0].At + _length <= now)
        {
            _events -= this[0].Events;
            _first = (_first + 1) & (_moments.Length - 1);
            _count--;
        }
        return now;
    }

    private void Record(long now, int limit, int cost)
    {
        var at = limit <= MaxMoments ? now : RoundUp(now, Math.Max(1, _length / MaxMoments));
        _events += cost;
        if (_count > 0 && this[_count - 1].At >= at)
        {
            this[_count - 1].Events += cost;
            return;
        }
        if (_count == _moments.Length) Grow();
        this[_count++] = (at, cost);
    }

    /// <summary>Returns when this many events will have left the window.</summary>
    private long LeavesAt(long events)
    {
        var i = 0;
        while ((events -= this[i].Events) > 0) i++;
        return this[i].At + _length;
    }

    private void Grow()
    {
        var larger = new (long, int)[_moments.Length * 2];
        for (var i = 0; i < _count; i++) larger[i] = this[i];
        (_moments, _first) = (larger, 0);
    }

    private static long RoundUp(long value, long part) => (value + part - 1) / part * part;

    private static long ToTimestamp(TimeSpan span, TimeProvider time) =>
        (long)Math.Ceiling(span.Ticks * (time.TimestampFrequency / (double)TimeSpan.TicksPerSecond));

    /// <summary>Rounds up, so that a retry after it is never too early.</summary>
    private static TimeSpan ToTime(long timestamps, TimeProvider time) =>
        TimeSpan.FromTicks((long)Math.Ceiling(timestamps / (time.TimestampFrequency / (double)TimeSpan.TicksPerSecond)));
}
