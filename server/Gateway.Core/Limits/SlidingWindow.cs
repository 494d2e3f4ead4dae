namespace Gateway.Core.Limits;

/// <summary>
/// A sliding window: accepts at most so many events in any period of its length, wherever the period begins, and refuses none while there are fewer. It remembers when it accepted
/// what (see <see cref="WindowLog"/>), and only while that counts: 8 bytes once <see cref="ReleaseIfIdle"/> finds it idle. Thread-safe.
/// </summary>
internal struct SlidingWindow
{
    private WindowLog? _log;

    /// <param name="cost">How many events this one counts as. One that costs more than the limit passes when the window is empty.</param>
    /// <param name="retryAfter">How long it takes until the same event would be accepted, if nothing else is.</param>
    public bool TryAdd(int limit, TimeSpan window, TimeProvider time, out TimeSpan retryAfter, int cost = 1)
    {
        while (true)
        {
            var log = Log();
            lock (log)
                if (!log.IsReleased)
                    return log.TryAdd(limit, window, time, out retryAfter, cost);
        }
    }

    /// <summary>Counts what has happened already, even beyond the limit: later events wait until it has left the window.</summary>
    public void Add(int limit, TimeSpan window, TimeProvider time, int cost)
    {
        while (true)
        {
            var log = Log();
            lock (log)
            {
                if (log.IsReleased) continue;
                log.Add(limit, window, time, cost);
                return;
            }
        }
    }

    /// <summary>The newest event that was accepted did not happen after all.</summary>
    public void Refund(int cost = 1)
    {
        if (Volatile.Read(ref _log) is not { } log) return;
        lock (log) log.Refund(cost);
    }

    /// <summary>Frees the memory if nothing counts any more.</summary>
    /// <returns>True if nothing is held.</returns>
    public bool ReleaseIfIdle(TimeProvider time)
    {
        if (Volatile.Read(ref _log) is not { } log) return true;
        lock (log)
        {
            if (!log.IsIdle(time)) return false;
            log.IsReleased = true; // whoever has just fetched it fetches again
            Volatile.Write(ref _log, null);
            return true;
        }
    }

    private WindowLog Log()
    {
        if (Volatile.Read(ref _log) is { } log) return log;
        var fresh = new WindowLog();
        return Interlocked.CompareExchange(ref _log, fresh, null) ?? fresh;
    }
}
