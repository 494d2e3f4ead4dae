namespace Gateway.AspNetCore.Domains;

/// <summary>The hubs of this gateway: the default one, and those that the configuration or <c>AddHub</c> names.</summary>
public sealed class GatewayDomains
{
    private readonly Dictionary<string, GatewayDomain> _named;

    internal GatewayDomains(GatewayDomain byDefault, IEnumerable<GatewayDomain> named)
    {
        Default = byDefault;
        _named = named.ToDictionary(hub => hub.Name, StringComparer.OrdinalIgnoreCase); // as routes compare
        All = [byDefault, .. _named.Values];
    }

    public GatewayDomain Default { get; }

    public IReadOnlyList<GatewayDomain> All { get; }

    /// <summary>All but the default one.</summary>
    internal IReadOnlyCollection<GatewayDomain> Named => _named.Values;

    /// <param name="name">Empty for the default one.</param>
    internal GatewayDomain? Find(string name) => name.Length == 0 ? Default : _named.GetValueOrDefault(name);

    /// <param name="name">Empty for the default one.</param>
    /// <exception cref="ArgumentException">There is no such hub.</exception>
    public GatewayDomain this[string name] =>
        Find(name)
            ?? throw new ArgumentException(
                $"there is no hub '{name}': declare it under hubs in the configuration, or by AddHub(\"{name}\")", nameof(name));
}
