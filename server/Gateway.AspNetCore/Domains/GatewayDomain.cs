using Gateway.AspNetCore.Options;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Domains;

/// <summary>One broadcast domain: a core with its own connections, rooms, limits and figures. Nothing goes from one to another.</summary>
public sealed class GatewayDomain
{
    private readonly IServiceProvider _services;

    internal GatewayDomain(string name, GatewayOptions options, int maxConnections, IServiceProvider services)
    {
        Name = name;
        Options = options;
        MaxConnections = maxConnections;
        Limits = new OutboxLimits(options.Outbox.Capacity, options.Outbox.MaxBytes);
        _services = services;
    }

    /// <summary>Empty for the default one.</summary>
    public string Name { get; }

    /// <summary>The gateway's, with what the hub sets itself laid over them.</summary>
    internal GatewayOptions Options { get; }

    /// <summary>0 = no limit but the server's.</summary>
    internal int MaxConnections { get; }

    internal OutboxLimits Limits { get; }

    internal ConnectionTable Connections => Get<ConnectionTable>();

    internal ConnectionLifecycle Lifecycle => Get<ConnectionLifecycle>();

    /// <summary>Sends to the hub's connections as the server, on all replicas.</summary>
    /// <param name="payload">One JSON value in UTF-8; not to be changed any more.</param>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask PublishAsync(Audience audience, string type, ReadOnlyMemory<byte> payload, CancellationToken cancel = default) =>
        await Get<Publisher>().PublishAsync(audience, new Message(type, payload), cancel: cancel);

    /// <summary>A service of this hub's own, such as its <c>IHubContext&lt;GatewayHub&gt;</c>.</summary>
    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    internal object? TryGet(Type service) => _services.GetService(service);

    internal IEnumerable<T> GetAll<T>() => _services.GetServices<T>();
}
