namespace Gateway.Hubs;

/// <summary>The hubs of this gateway: the default one, and those that the configuration or <c>AddHub</c> names.</summary>
public sealed class HubCores
{
    private readonly Dictionary<string, HubCore> _named;

    internal HubCores(HubCore byDefault, IEnumerable<HubCore> named)
    {
        Default = byDefault;
        _named = named.ToDictionary(hub => hub.Name, StringComparer.OrdinalIgnoreCase); // as routes compare
        All = [byDefault, .. _named.Values];
    }

    public HubCore Default { get; }

    public IReadOnlyList<HubCore> All { get; }

    /// <summary>All but the default one.</summary>
    internal IReadOnlyCollection<HubCore> Named => _named.Values;

    /// <param name="name">Empty for the default one.</param>
    internal HubCore? Find(string name) => name.Length == 0 ? Default : _named.GetValueOrDefault(name);

    /// <param name="name">Empty for the default one.</param>
    /// <exception cref="ArgumentException">There is no such hub.</exception>
    public HubCore this[string name] =>
        Find(name) ?? throw new ArgumentException($"there is no hub '{name}': declare it under hubs in the configuration, or by AddHub(\"{name}\")", nameof(name));
}
