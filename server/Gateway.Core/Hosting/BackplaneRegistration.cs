namespace Gateway.Core.Hosting;

/// <summary>What <see cref="IGatewayBuilder.UseBackplane"/> was given, for the domains that are built later.</summary>
internal sealed class BackplaneRegistration
{
    private readonly List<Action<DomainServices>> _configure = [];

    /// <summary>There may be other replicas. Without a backplane this process is the only one.</summary>
    public bool IsShared => _configure.Count > 0;

    /// <summary>Adds what <see cref="IGatewayBuilder.UseBackplane"/> was given.</summary>
    public void Add(Action<DomainServices> configure) => _configure.Add(configure);

    /// <summary>Runs everything that was added, for one domain.</summary>
    public void Apply(DomainServices domain)
    {
        foreach (var configure in _configure) configure(domain);
    }
}
