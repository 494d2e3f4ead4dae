using System.Text;

namespace Gateway.ChaosTests.Judging;

/// <summary>What is held against one receiver, by kind, each thing once.</summary>
internal sealed class Findings(string receiver)
{
    private const int Shown = 5;

    private readonly Dictionary<string, List<string>> _byKind = [];

    public bool Any => _byKind.Count > 0;

    public int Count(string kind) => _byKind.TryGetValue(kind, out var found) ? found.Count : 0;

    public void Add(string kind, string what)
    {
        if (!_byKind.TryGetValue(kind, out var found)) _byKind[kind] = found = [];
        if (!found.Contains(what)) found.Add(what);
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (kind, found) in _byKind)
        {
            text.Append(receiver)
                .Append(": ")
                .Append(found.Count)
                .Append(' ')
                .Append(kind)
                .Append(": ")
                .AppendJoin("; ", found.Take(Shown));
            if (found.Count > Shown) text.Append("; …");
            text.AppendLine();
        }
        return text.ToString();
    }
}
