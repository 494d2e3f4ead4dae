using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Hubs;

/// <summary>Creates a broadcast domain with services of its own.</summary>
/// <param name="name">The name of the domain.</param>
/// <param name="options">The gateway's options with the domain's settings applied.</param>
internal delegate GatewayDomain CreateHubDomain(string name, GatewayOptions options);

/// <summary>
/// The broadcast domains of the application's own hubs, one for each hub class. A domain begins with its first use: when the hub is mapped,
/// or when something asks for its <c>IHubContext</c>.
/// </summary>
internal sealed class HubDomains(GatewayOptions options, CreateHubDomain create, Supervisor supervisor) : IHostedService
{
    private readonly SupervisedLoop _starting = supervisor.Loop("hub_start");

    // Guarded by itself.
    private readonly Dictionary<Type, HubDomain> _domains = [];
    private bool _isStarted;

    /// <summary>The domains that have been used.</summary>
    public IReadOnlyList<GatewayDomain> All => [.. Snapshot().Select(hub => hub.Domain)];

    public HubDomain Of(Type hub)
    {
        lock (_domains)
        {
            if (_domains.TryGetValue(hub, out var known)) return known;
            var name = NameOf(hub);
            if (options.Hubs.ContainsKey(name) || _domains.Values.Any(domain => domain.Domain.Name == name))
                throw new InvalidOperationException($"There is another domain of the name {name}. Rename the hub or that domain.");
            var added = _domains[hub] = new HubDomain(create(name, HubSettings.Of(options)));
            if (_isStarted) _starting.Start(() => added.StartAsync(CancellationToken.None));
            return added;
        }
    }

    /// <summary>Returns the domain of a hub; <c>null</c> if it is not on the gateway.</summary>
    public HubDomain? Find(Type hub)
    {
        lock (_domains) return _domains.GetValueOrDefault(hub);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_domains) _isStarted = true;
        foreach (var hub in Snapshot()) await hub.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var hub in Snapshot()) await hub.StopAsync(cancellationToken);
    }

    /// <summary>The name in metrics and in the keys of Redis, the same on every replica.</summary>
    private static string NameOf(Type hub) => hub.ToString();

    private HubDomain[] Snapshot()
    {
        lock (_domains) return [.. _domains.Values];
    }
}
