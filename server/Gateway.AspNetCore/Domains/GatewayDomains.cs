namespace Gateway.AspNetCore.Domains;

/// <summary>Provides the broadcast domains of the gateway: the default one, and those from the configuration and <c>AddHub</c>.</summary>
public sealed class GatewayDomains
{
    private readonly Dictionary<string, GatewayDomain> _named;

    internal GatewayDomains(GatewayDomain defaultDomain, IEnumerable<GatewayDomain> named)
    {
        Default = defaultDomain;
        _named = named.ToDictionary(domain => domain.Name, StringComparer.OrdinalIgnoreCase); // as routes compare
        All = [defaultDomain, .. _named.Values];
    }

    /// <summary>Gets the default domain.</summary>
    public GatewayDomain Default { get; }

    /// <summary>Gets all domains, the default one first.</summary>
    public IReadOnlyList<GatewayDomain> All { get; }

    /// <summary>Gets all domains but the default one.</summary>
    internal IReadOnlyCollection<GatewayDomain> Named => _named.Values;

    /// <param name="name">Empty for the default one.</param>
    internal GatewayDomain? Find(string name) => name.Length == 0 ? Default : _named.GetValueOrDefault(name);

    /// <summary>Gets the domain with the given name.</summary>
    /// <param name="name">The name of the domain. Empty for the default domain.</param>
    /// <exception cref="ArgumentException">There is no domain with that name.</exception>
    public GatewayDomain this[string name] =>
        Find(name)
            ?? throw new ArgumentException(
                $"There is no domain '{name}'. Declare it under hubs in the configuration, or with AddHub(\"{name}\").", nameof(name));
}
