using System.Collections.Concurrent;
using Gateway.AspNetCore.Options;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Domains;

/// <summary>One of the gateway's own endpoints: into which hub it leads, and how a WebSocket that comes in there speaks.</summary>
/// <param name="Gates">What its outbox waits for before a broadcast goes out: the welcome, and for SignalR the handshake ahead of it.</param>
/// <param name="IsNegotiate">It is the endpoint of SignalR's negotiation.</param>
internal sealed record GatewayEndpoint(GatewayDomain Hub, FrameFormat Format, int Gates, bool IsNegotiate = false)
{
    public bool IsSignalR => Format == FrameFormat.SignalRWebSocket;
}

/// <summary>All of the gateway's own endpoints by their paths, for what stands ahead of routing.</summary>
internal sealed class EndpointRegistry
{
    private readonly ConcurrentDictionary<string, GatewayEndpoint> _byPath = new(StringComparer.OrdinalIgnoreCase); // as routes compare

    public EndpointRegistry(GatewayOptions options, GatewayDomains hubs)
    {
        foreach (var hub in hubs.All)
        {
            Open(Below(options.Raw.Path, hub), new GatewayEndpoint(hub, FrameFormat.RawWebSocket, Gates: 1));
            Open(Below(options.SignalR.Path, hub), new GatewayEndpoint(hub, FrameFormat.SignalRWebSocket, Gates: 2));
            Open(Below(options.SignalR.Path, hub) + "/negotiate", new GatewayEndpoint(hub, FrameFormat.SignalRWebSocket, Gates: 2, IsNegotiate: true));
        }
    }

    /// <summary>A hub's path below the one of the default hub.</summary>
    public static string Below(string path, GatewayDomain hub) => hub.Name.Length == 0 ? path : $"{path}/{hub.Name}";

    /// <exception cref="InvalidOperationException">There is an endpoint at that path already.</exception>
    public void Open(string path, GatewayEndpoint endpoint)
    {
        if (!_byPath.TryAdd(path.TrimEnd('/'), endpoint)) throw new InvalidOperationException($"{path} is an endpoint of the gateway already: choose another path");
    }

    public GatewayEndpoint? Find(PathString path) => path.Value is { } value && _byPath.TryGetValue(value.EndsWith('/') ? value.TrimEnd('/') : value, out var endpoint) ? endpoint : null;
}
