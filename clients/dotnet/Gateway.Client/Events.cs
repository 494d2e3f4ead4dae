namespace Gateway.Client;

public enum ClientState
{
    /// <summary>For the first time.</summary>
    Connecting,
    Open,
    Reconnecting,

    /// <summary>For good.</summary>
    Closed,
}

/// <summary>A change of the connection's state, or an attempt.</summary>
/// <param name="Failures">Attempts in a row that came to nothing.</param>
/// <param name="Delay">Until the next attempt.</param>
/// <param name="Error">Why there is no connection.</param>
public sealed record StateChange(ClientState State, int Failures, TimeSpan? Delay = null, GatewayException? Error = null);

/// <summary>Messages that will not come. What of it the history still has: <c>HistoryAsync(room, after: From - 1)</c>.</summary>
/// <param name="Epoch">That <paramref name="From"/> and <paramref name="To"/> belong to.</param>
/// <param name="To"><c>null</c>: whatever there was.</param>
public sealed record Gap(string? Room, string Reason, string? Epoch, long? From, long? To, long? Missed);

/// <summary>A room goes on after a reconnect.</summary>
/// <param name="Recovered">Everything that was missed has come.</param>
public sealed record Resumed(string Room, bool Recovered, long Replayed);

/// <summary>A room could not be entered again.</summary>
public sealed record RoomLeft(string Room, GatewayException Error);
