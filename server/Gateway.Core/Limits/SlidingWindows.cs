using System.Collections.Concurrent;
using Gateway.Core.Supervision;

namespace Gateway.Core.Limits;

/// <summary>A sliding window for each key, such as a user or an address. A key with an empty window takes no memory.</summary>
internal sealed class SlidingWindows<TKey> : IDisposable
    where TKey : notnull
{
    private static readonly TimeSpan LongestSweepPeriod = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TKey, Entry> _entries;
    private readonly int _limit;
    private readonly TimeSpan _window;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;

    public SlidingWindows(int limit, TimeSpan window, Supervisor supervisor, TimeProvider time, IEqualityComparer<TKey>? comparer = null)
    {
        (_limit, _window, _time) = (limit, window, time);
        _entries = new ConcurrentDictionary<TKey, Entry>(comparer);
        var period = window < LongestSweepPeriod ? window : LongestSweepPeriod;
        _sweep = supervisor.Loop("limits_sweep").Every(period, Sweep);
    }

    /// <summary>The number of keys with a window.</summary>
    public int Count => _entries.Count;

    /// <inheritdoc cref="SlidingWindow.TryAdd"/>
    public bool TryAdd(TKey key, out TimeSpan retryAfter, int cost = 1)
    {
        while (true)
        {
            var entry = _entries.GetOrAdd(key, static _ => new Entry());
            lock (entry)
                if (!entry.IsRemoved)
                    return entry.Window.TryAdd(_limit, _window, _time, out retryAfter, cost);
        }
    }

    public void Dispose() => _sweep.Dispose();

    private void Sweep()
    {
        foreach (var (key, entry) in _entries)
        {
            lock (entry)
            {
                if (!entry.Window.ReleaseIfIdle(_time)) continue;
                entry.IsRemoved = true;
                _entries.TryRemove(key, out _);
            }
        }
    }

    /// <summary>Guarded by itself.</summary>
    private sealed class Entry
    {
        public SlidingWindow Window;
        public bool IsRemoved;
    }
}
