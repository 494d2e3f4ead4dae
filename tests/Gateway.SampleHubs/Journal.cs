using System.Collections.Concurrent;

namespace Gateway.SampleHubs;

/// <summary>What happened on the server, for tests that ask for it afterwards.</summary>
public sealed class Journal
{
    private readonly ConcurrentQueue<string> _entries = [];

    public IReadOnlyCollection<string> Entries => _entries;

    public void Note(string entry) => _entries.Enqueue(entry);
}
