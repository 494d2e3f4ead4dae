using System.Diagnostics;

namespace Gateway.Benchmarks.Load;

/// <summary>Counts latencies in steps of 10 µs up to 20 s.</summary>
internal sealed class Latencies
{
    private const double StepsPerMs = 100;

    private readonly long[] _counts = new long[2_000_000];
    private volatile bool _counting;

    public void Start() => _counting = true;

    public void Add(long time, long number)
    {
        if (!_counting) return;
        var step = (long)(Stopwatch.GetElapsedTime(time).TotalMilliseconds * StepsPerMs);
        Interlocked.Increment(ref _counts[Math.Clamp(step, 0, _counts.Length - 1)]);
    }

    public double Percentile(double share)
    {
        var left = _counts.Sum() * share;
        for (var i = 0; i < _counts.Length; i++)
            if ((left -= _counts[i]) <= 0)
                return i / StepsPerMs;
        return 0;
    }
}
