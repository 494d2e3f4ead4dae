namespace Gateway.Core.Connections;

/// <summary>
/// Counts events in the last window of time, from two fixed windows: what was counted in the previous one weighs as much as of it still
/// lies in the sliding one. 24 bytes a connection and no timer; the framework's sliding-window limiter has either a timer each or, without
/// one, frees only one segment per call however long its owner was silent. Not thread-safe: commands of one connection follow one another.
/// </summary>
internal struct SlidingWindow
{
    private long _startedAt;
    private int _previous;
    private int _current;

    public bool TryAdd(int limit, TimeSpan window, TimeProvider time, out TimeSpan retryAfter)
    {
        var age = Slide(window, time);
        retryAfter = default;
        if ((_previous * (1 - age)) + _current + 1 <= limit)
        {
            _current++;
            return true;
        }
        // Either the previous window's share shrinks enough within this one, or this one has to become the previous one first.
        var atAge = _current < limit && _previous > 0 ? 1 - ((limit - 1 - _current) / (double)_previous) : 2 - ((limit - 1) / (double)_current);
        retryAfter = window * Math.Max(atAge - age, 0.001);
        return false;
    }

    /// <summary>Moves on to the window that it is now, and returns how much of it has passed: 0 to 1.</summary>
    private double Slide(TimeSpan window, TimeProvider time)
    {
        var now = time.GetTimestamp();
        if (_startedAt == 0) _startedAt = now;
        var age = time.GetElapsedTime(_startedAt, now) / window;
        if (age < 1) return age;
        _previous = age < 2 ? _current : 0;
        _current = 0;
        var whole = Math.Floor(age);
        _startedAt = age < 2 ? _startedAt + (long)(window.TotalSeconds * time.TimestampFrequency) : now;
        return age < 2 ? age - whole : 0;
    }
}
