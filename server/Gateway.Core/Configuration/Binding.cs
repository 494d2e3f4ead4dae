namespace Gateway.Core.Configuration;

/// <summary>Collects the errors while the sources are bound, and the origin of each key's value.</summary>
internal sealed class Binding(IReadOnlyList<string> knownKeys)
{
    private readonly Dictionary<string, Origin> _origins = [];
    private readonly HashSet<string> _faulty = [];

    public List<ConfigurationError> Errors { get; } = [];

    public void SetOrigin(string key, Origin origin) => _origins[key] = origin;

    public Origin OriginOf(string key) => _origins.GetValueOrDefault(key, Origin.Default);

    /// <summary>Returns whether all keys are valid. A rule about a rejected value would only confuse.</summary>
    public bool AreValid(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
            if (_faulty.Contains(key))
                return false;
        return true;
    }

    public void Report(string key, string problem, Origin origin)
    {
        // An invalid item makes its list invalid, too.
        for (var faulty = key; faulty.Length > 0; faulty = faulty[..Math.Max(0, faulty.LastIndexOf('.'))])
            _faulty.Add(faulty);
        Errors.Add(new ConfigurationError(key, problem, origin.Where));
    }

    /// <summary>Reports an unknown key. Its value is not shown, because a misspelt key may hold a secret.</summary>
    /// <param name="siblings">The known keys of the same section.</param>
    public void Unknown(string key, Setting setting, IEnumerable<string> siblings)
    {
        var candidates = siblings.Concat(knownKeys).ToList();
        foreach (var (leaf, origin) in Leaves(key, setting))
        {
            var nearest = Keys.Nearest(origin.IsApplication ? Keys.InSnakeCase(leaf) : leaf, candidates);
            Report(leaf, nearest is null ? "unknown key" : $"unknown key; did you mean {origin.Spell(nearest)}?", origin);
        }
    }

    /// <summary>An unknown section of a file is one error. In flat sources, each variable or option is one.</summary>
    private static IEnumerable<(string Key, Origin Origin)> Leaves(string key, Setting setting)
    {
        if (setting is not MapSetting map || setting.Origin.IsFile)
            return [(key, setting.Origin)];
        return map.Entries.SelectMany(entry => Leaves(Keys.Join(key, entry.Key), entry.Value));
    }
}
