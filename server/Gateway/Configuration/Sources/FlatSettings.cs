using Gateway.Core.Configuration;

namespace Gateway.Configuration.Sources;

/// <summary>Makes a tree of settings that come one by one, each with its whole path: the environment and the command line.</summary>
internal sealed class FlatSettings(Origin origin)
{
    /// <summary>Deeper than any key, so that a path of a million levels does not become a tree of them.</summary>
    private const int Deepest = 8;

    private readonly MapSetting _root = new(origin);
    private readonly List<ConfigurationError> _errors = [];

    public SourceText Result => new(_root, _errors);

    public void Report(string key, string problem, Origin where) => _errors.Add(new ConfigurationError(key, problem, where.Where));

    /// <summary>Sets what is at the path; the last one wins.</summary>
    public void Set(string[] path, string value, Origin where)
    {
        var key = string.Join('.', path);
        if (path.Length > Deepest)
        {
            Report(key, "unknown key", where);
            return;
        }
        var map = _root;
        foreach (var name in path.AsSpan(..^1))
        {
            if (!map.Entries.TryGetValue(name, out var next))
                map.Entries[name] = next = new MapSetting(where);
            if (next is not MapSetting below)
            {
                Report(key, "set both as one value and by parts", where);
                return;
            }
            map = below;
        }
        if (map.Entries.TryGetValue(path[^1], out var there) && there is MapSetting)
            Report(key, "set both as one value and by parts", where);
        else
            map.Entries[path[^1]] = new TextSetting(value, where);
    }
}
