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

    /// <summary>The path below the hub's, to which other replicas forward their clients' requests.</summary>
    public string ForwardedPath { get; init; } = "/forwarded";

    /// <summary>The path below the hub's, where replicas ask one another for a connection.</summary>
    public string HandOverPath { get; init; } = "/handover";

    /// <summary>Whether it is a hub of the application, on which the gateway puts no limits.</summary>
    public bool IsApplicationHub { get; init; }

    /// <summary>Whether a client may name rooms when it connects.</summary>
    public bool HasRooms { get; init; } = true;

    public bool IsSignalR => Format == FrameFormat.SignalRWebSocket;
    public bool IsNegotiate => Kind == EndpointKind.Negotiate;
    public bool IsHandOver => Kind == EndpointKind.HandOver;

    public static GatewayEndpoint Raw(GatewayDomain domain) => new(domain, FrameFormat.RawWebSocket, Corks: 1);

    public static GatewayEndpoint SignalR(GatewayDomain domain, EndpointKind kind = EndpointKind.Connect) =>
        new(domain, FrameFormat.SignalRWebSocket, Corks: 2, kind);

    /// <summary>
    /// A hub of the application. The gateway maps no endpoints for it: other replicas use those of its clients. Their signature tells them
    /// apart.
    /// </summary>
    public static GatewayEndpoint ApplicationHub(GatewayDomain domain, EndpointKind kind) =>
        new(domain, FrameFormat.SignalRWebSocket, Corks: 1, kind)
        {
            ForwardedPath = "",
            HandOverPath = "/negotiate",
            IsApplicationHub = true,
        };

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
