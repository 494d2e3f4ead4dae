namespace Gateway.Core.Supervision;

/// <summary>Exponential backoff after faults: 50 ms, doubled up to 5 s.</summary>
internal struct Backoff
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private int _faults;

    public TimeSpan Next()
    {
        var pause = Shortest * (1 << _faults);
        if (pause >= Longest) return Longest;
        _faults++;
        return pause;
    }

    public void Reset() => _faults = 0;
}
