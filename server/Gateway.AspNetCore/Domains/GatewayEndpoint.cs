using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Domains;

/// <summary>Metadata of a gateway endpoint: its domain, and the frame format of its WebSockets.</summary>
/// <param name="Corks">How many messages must be sent before the first broadcast: the welcome, and for SignalR the handshake response
/// before it.</param>
/// <param name="Kind">What the endpoint is for.</param>
internal sealed record GatewayEndpoint(GatewayDomain Domain, FrameFormat Format, int Corks, EndpointKind Kind = EndpointKind.Connect)
{
    /// <summary>The endpoint is for other replicas, which forward their clients' requests to it.</summary>
    public bool IsForwarded { get; init; }

    public bool IsSignalR => Format == FrameFormat.SignalRWebSocket;
    public bool IsNegotiate => Kind == EndpointKind.Negotiate;
    public bool IsHandOver => Kind == EndpointKind.HandOver;

    public static GatewayEndpoint Raw(GatewayDomain domain) => new(domain, FrameFormat.RawWebSocket, Corks: 1);

    public static GatewayEndpoint SignalR(GatewayDomain domain, EndpointKind kind = EndpointKind.Connect) =>
        new(domain, FrameFormat.SignalRWebSocket, Corks: 2, kind);

    public static GatewayEndpoint Frames(GatewayDomain domain) => new(domain, FrameFormat.Frames, Corks: 0);
}

/// <summary>Specifies what a gateway endpoint serves.</summary>
internal enum EndpointKind
{
    /// <summary>New connections, and the further requests of SignalR's fallback transports.</summary>
    Connect,

    /// <summary>SignalR's negotiation.</summary>
    Negotiate,

    /// <summary>Requests of other replicas for a connection whose WebSocket has reached them.</summary>
    HandOver,
}
