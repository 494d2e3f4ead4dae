using Gateway.AspNetCore.Options;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Domains;

/// <summary>
/// A broadcast domain, with its own connections, rooms, limits and metrics. Messages do not pass from one domain to another.
/// </summary>
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

    /// <summary>Gets the name of the domain. Empty for the default domain.</summary>
    public string Name { get; }

    /// <summary>Gets the gateway's options, with the domain's own settings applied.</summary>
    internal GatewayOptions Options { get; }

    /// <summary>Gets the maximum number of connections. 0 means no limit but the server's.</summary>
    internal int MaxConnections { get; }

    internal OutboxLimits Limits { get; }

    internal ConnectionTable Connections => Get<ConnectionTable>();

    internal ConnectionLifecycle Lifecycle => Get<ConnectionLifecycle>();

    /// <summary>Publishes a message as the server to connections of this domain, on all replicas.</summary>
    /// <param name="audience">Who receives the message.</param>
    /// <param name="type">The type of the message.</param>
    /// <param name="payload">One JSON value in UTF-8. Do not change it after the call.</param>
    /// <param name="cancel">Cancels the operation.</param>
    /// <exception cref="BackplaneException">The backplane is not available.</exception>
    public async ValueTask PublishAsync(Audience audience, string type, ReadOnlyMemory<byte> payload, CancellationToken cancel = default) =>
        await Get<Publisher>().PublishAsync(audience, new Message(type, payload), cancel: cancel);

    /// <summary>Gets a service of this domain, such as its <c>IHubContext&lt;GatewayHub&gt;</c>.</summary>
    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    internal object? TryGet(Type service) => _services.GetService(service);

    internal IEnumerable<T> GetAll<T>() => _services.GetServices<T>();
}
