namespace Gateway.Core.Limits;

/// <summary>
/// A sliding window: accepts at most a limit of events in any period of its length. It is a log of the accepted events (see
/// <see cref="WindowLog"/>); an idle window takes 8 bytes after <see cref="ReleaseIfIdle"/>. Thread-safe.
/// </summary>
internal struct SlidingWindow
{
    private WindowLog? _log;

    /// <param name="cost">
    /// How many events this one counts as. An event that costs more than the limit passes when the window is empty.
    /// </param>
    /// <param name="retryAfter">How long to wait until the same event is accepted, if no other is.</param>
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

    /// <summary>Counts an event that has already happened, even over the limit.</summary>
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

    /// <summary>Removes the newest accepted event, because it did not happen.</summary>
    public void Refund(int cost = 1)
    {
        if (Volatile.Read(ref _log) is not { } log) return;
        lock (log) log.Refund(cost);
    }

    /// <summary>Frees the memory if the window is empty.</summary>
    /// <returns><c>true</c> if no memory is held.</returns>
    public bool ReleaseIfIdle(TimeProvider time)
    {
        if (Volatile.Read(ref _log) is not { } log) return true;
        lock (log)
        {
            if (!log.IsIdle(time)) return false;
            log.IsReleased = true; // a caller that has just read it reads again
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
