namespace Gateway.Core.Messages;

/// <summary>Why the gateway closes a connection.</summary>
/// <param name="Code">A WebSocket close code, RFC 6455 section 7.4.1.</param>
/// <param name="Text">The reason that the client gets, at most 123 bytes of UTF-8.</param>
/// <param name="AllowReconnect">Whether a stock SignalR client with automatic reconnect connects again.</param>
internal sealed record CloseReason(int Code, string Text, bool AllowReconnect)
{
    public static CloseReason Normal { get; } = new(1000, "", AllowReconnect: false);
    public static CloseReason Shutdown { get; } = new(1001, "shutting down", AllowReconnect: true);
    public static CloseReason PongTimeout { get; } = new(1001, "no pong", AllowReconnect: true);
    public static CloseReason ClientTimeout { get; } = new(1001, "client timeout", AllowReconnect: true);
    public static CloseReason TokenExpired { get; } = new(1008, "token expired", AllowReconnect: false);
    public static CloseReason SlowConsumer { get; } = new(1008, "slow consumer", AllowReconnect: true);
    public static CloseReason UnfinishedMessage { get; } = new(1001, "unfinished message", AllowReconnect: true);
    public static CloseReason Flooding { get; } = new(1008, "flooding", AllowReconnect: false);
    public static CloseReason Kicked { get; } = new(1008, "kicked", AllowReconnect: false);
    public static CloseReason Banned { get; } = new(1008, "banned", AllowReconnect: false);
    public static CloseReason Revoked { get; } = new(1008, "revoked", AllowReconnect: false);
    public static CloseReason TooManyOfUser { get; } = new(1013, "too many connections of this user", AllowReconnect: true);
    public static CloseReason Internal { get; } = new(1011, "internal error", AllowReconnect: true);
    public static CloseReason TooBig { get; } = new(1009, "message too big", AllowReconnect: false);

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<CloseReason> All { get; } =
    [
        Normal, Shutdown, PongTimeout, ClientTimeout, TokenExpired, SlowConsumer, UnfinishedMessage, Flooding, Kicked, Banned, Revoked,
        TooManyOfUser, Internal, TooBig,
    ];
}
