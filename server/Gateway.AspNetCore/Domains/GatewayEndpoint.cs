using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Domains;

/// <summary>
/// Metadata of one of the gateway's own endpoints: the domain that it leads into, and the format of a WebSocket that is opened there.
/// </summary>
/// <param name="Gates">What its outbox waits for before a broadcast goes out: the welcome, and for SignalR the handshake ahead of
/// it.</param>
/// <param name="Kind">What the endpoint is for.</param>
internal sealed record GatewayEndpoint(GatewayDomain Domain, FrameFormat Format, int Gates, EndpointKind Kind = EndpointKind.Connect)
{
    public bool IsSignalR => Format == FrameFormat.SignalRWebSocket;
    public bool IsNegotiate => Kind == EndpointKind.Negotiate;
    public bool IsHandOver => Kind == EndpointKind.HandOver;

    public static GatewayEndpoint Raw(GatewayDomain domain) => new(domain, FrameFormat.RawWebSocket, Gates: 1);

    public static GatewayEndpoint SignalR(GatewayDomain domain, EndpointKind kind = EndpointKind.Connect) =>
        new(domain, FrameFormat.SignalRWebSocket, Gates: 2, kind);

    public static GatewayEndpoint Frames(GatewayDomain domain) => new(domain, FrameFormat.Frames, Gates: 0);
}

internal enum EndpointKind
{
    /// <summary>Connections begin here; on SignalR's fallback transports, they go on here.</summary>
    Connect,

    /// <summary>SignalR's negotiation.</summary>
    Negotiate,

    /// <summary>Other replicas ask here for a connection whose WebSocket has arrived there.</summary>
    HandOver,
}
