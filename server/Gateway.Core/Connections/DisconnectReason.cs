using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>
/// Why a connection ended: the label <c>reason</c> of <c>websocket_disconnections_total</c>. The label is the name in snake_case.
/// </summary>
public enum DisconnectReason : byte
{
    /// <summary>The client closed with 1000 or without a code, or ended its long-polling connection.</summary>
    Normal,

    /// <summary>The client closed with 1001: a page was left, a program stopped.</summary>
    GoingAway,

    /// <summary>The client closed with 3000 to 4999.</summary>
    ApplicationCode,

    /// <summary>The client closed with another code.</summary>
    OtherCode,

    /// <summary>The client violated the protocol, or closed with 1002, 1003, 1007 or 1009.</summary>
    ProtocolError,

    /// <summary>The connection ended without a close frame. Server-sent events always end like this.</summary>
    Aborted,

    /// <summary>
    /// A write took longer than <c>raw.write_wait</c>, or the client did not acknowledge data for <c>server.tcp_user_timeout</c>.
    /// </summary>
    WriteDeadline,

    /// <summary>The client did not read fast enough, and its outbox was full.</summary>
    SlowConsumer,

    /// <summary>A raw client was silent for <c>raw.pong_wait</c>.</summary>
    NoPong,

    /// <summary>A SignalR client was silent for <c>signalr.client_timeout</c>.</summary>
    ClientTimeout,

    /// <summary>The client began a message and did not finish it within <c>raw.pong_wait</c>.</summary>
    UnfinishedMessage,

    /// <summary>The gateway stopped.</summary>
    Shutdown,

    /// <summary>A moderator or a server closed the connection.</summary>
    Kicked,

    /// <summary>The user is banned.</summary>
    Banned,

    /// <summary>The user's tokens were revoked.</summary>
    Revoked,

    /// <summary>The token expired and was not replaced.</summary>
    TokenExpired,

    /// <summary>The client went on sending after many refusals.</summary>
    Flooding,

    /// <summary>A message was larger than <c>raw.max_message_bytes</c>.</summary>
    TooBig,

    /// <summary>The user has more than <c>server.max_connections_per_user</c> connections.</summary>
    TooManyOfUser,

    /// <summary>The gateway closed with 1013: it could not admit the client.</summary>
    TryAgainLater,

    /// <summary>The gateway closed with another 1008.</summary>
    Policy,

    /// <summary>The gateway closed with 1011: an error on its side.</summary>
    InternalError,

    /// <summary>The gateway closed with 1000: the handler ended.</summary>
    Completed,
}

internal static class DisconnectReasons
{
    public static IReadOnlyList<DisconnectReason> All { get; } = Enum.GetValues<DisconnectReason>();

    /// <summary>Maps a client's close code (RFC 6455 section 7.4).</summary>
    public static DisconnectReason OfClient(int code) => code switch
    {
        1000 or 1005 => DisconnectReason.Normal,
        1001 => DisconnectReason.GoingAway,
        1002 or 1003 or 1007 or 1009 => DisconnectReason.ProtocolError,
        >= 3000 and < 5000 => DisconnectReason.ApplicationCode,
        _ => DisconnectReason.OtherCode,
    };

    public static DisconnectReason Of(CloseReason reason) =>
        reason == CloseReason.Shutdown ? DisconnectReason.Shutdown
        : reason == CloseReason.PongTimeout ? DisconnectReason.NoPong
        : reason == CloseReason.ClientTimeout ? DisconnectReason.ClientTimeout
        : reason == CloseReason.UnfinishedMessage ? DisconnectReason.UnfinishedMessage
        : reason == CloseReason.TokenExpired ? DisconnectReason.TokenExpired
        : reason == CloseReason.SlowConsumer ? DisconnectReason.SlowConsumer
        : reason == CloseReason.Flooding ? DisconnectReason.Flooding
        : reason == CloseReason.Kicked ? DisconnectReason.Kicked
        : reason == CloseReason.Banned ? DisconnectReason.Banned
        : reason == CloseReason.Revoked ? DisconnectReason.Revoked
        : reason == CloseReason.TooManyOfUser ? DisconnectReason.TooManyOfUser
        : reason.Code switch
        {
            1000 => DisconnectReason.Completed,
            1002 or 1003 or 1007 => DisconnectReason.ProtocolError,
            1009 => DisconnectReason.TooBig,
            1011 => DisconnectReason.InternalError,
            1013 => DisconnectReason.TryAgainLater,
            _ => DisconnectReason.Policy,
        };

    /// <summary>Returns whether neither the client nor the gateway meant to end the connection.</summary>
    public static bool IsUnexpected(DisconnectReason reason) => reason
        is DisconnectReason.Aborted or DisconnectReason.OtherCode or DisconnectReason.ProtocolError or DisconnectReason.WriteDeadline
        or DisconnectReason.NoPong or DisconnectReason.ClientTimeout or DisconnectReason.UnfinishedMessage
        or DisconnectReason.InternalError;
}
