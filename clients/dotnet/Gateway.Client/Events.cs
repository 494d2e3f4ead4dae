namespace Gateway.Client;

/// <summary>The state of a client's connection.</summary>
public enum ClientState
{
    /// <summary>The first connection is not open yet.</summary>
    Connecting,

    /// <summary>The connection is open.</summary>
    Open,

    /// <summary>The connection was lost, and the client makes a new one.</summary>
    Reconnecting,

    /// <summary>The client is closed and does not connect again.</summary>
    Closed,
}

/// <summary>A change of the connection's state, or a failed attempt to connect.</summary>
/// <param name="State">The state from now on.</param>
/// <param name="Failures">Failed attempts in a row.</param>
/// <param name="Delay">The time until the next attempt.</param>
/// <param name="Error">Why there is no connection.</param>
public sealed record StateChange(ClientState State, int Failures, TimeSpan? Delay = null, GatewayException? Error = null);

/// <summary>Lost messages. To read those that the history still has, call <c>HistoryAsync(room, after: From - 1)</c>.</summary>
/// <param name="Room">The room; <c>null</c> if the messages belong to none.</param>
/// <param name="Reason">Why they are missing, as the gateway names it.</param>
/// <param name="Epoch">The epoch of <paramref name="From"/> and <paramref name="To"/>.</param>
/// <param name="From">The offset of the first missing message.</param>
/// <param name="To">The offset of the last missing message; <c>null</c> if it is not known.</param>
/// <param name="Missed">How many messages are missing.</param>
public sealed record Gap(string? Room, string Reason, string? Epoch, long? From, long? To, long? Missed);

/// <summary>A room continues after a reconnect.</summary>
/// <param name="Room">The room.</param>
/// <param name="Recovered">Whether every missed message has been delivered.</param>
/// <param name="Replayed">How many missed messages were delivered.</param>
public sealed record Resumed(string Room, bool Recovered, long Replayed);

/// <summary>A room could not be entered again.</summary>
/// <param name="Room">The room.</param>
/// <param name="Error">Why.</param>
public sealed record RoomLeft(string Room, GatewayException Error);
