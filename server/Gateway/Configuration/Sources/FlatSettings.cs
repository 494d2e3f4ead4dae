using Gateway.Core.Configuration;

namespace Gateway.Configuration.Sources;

/// <summary>Builds a tree of settings from the environment or the command line, where each setting has its whole path.</summary>
internal sealed class FlatSettings(Origin origin)
{
    /// <summary>More levels than any key has. A longer path is an unknown key.</summary>
    private const int MaxDepth = 8;

    private readonly MapSetting _root = new(origin);
    private readonly List<ConfigurationError> _errors = [];

    public SourceText Result => new(_root, _errors);

    public void Report(string key, string problem, Origin where) => _errors.Add(new ConfigurationError(key, problem, where.Where));

    /// <summary>Sets the value at a path. The last one counts.</summary>
    public void Set(string[] path, string value, Origin where)
    {
        var key = string.Join('.', path);
        if (path.Length > MaxDepth)
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
