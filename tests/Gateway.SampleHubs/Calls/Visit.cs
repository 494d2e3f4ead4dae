namespace Gateway.SampleHubs.Calls;

/// <summary>A scoped service: one for each call, disposed of when the call is over.</summary>
public sealed class Visit(Journal journal) : IDisposable
{
    private static int _last;

    public int Number { get; } = Interlocked.Increment(ref _last);

    public void Dispose() => journal.Note($"visit {Number} is over");
}
