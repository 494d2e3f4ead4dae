using System.Net.WebSockets;

namespace Gateway.Client;

/// <summary>Options for rooms and messages, for every kind of connection.</summary>
public class ConversationOptions
{
    /// <summary>The timeout of <c>JoinAsync</c>, <c>LeaveAsync</c> and <c>RequestAsync</c>. Time without a connection counts.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The timeout of <c>SendAsync</c> and <c>ChatAsync</c>. It must be less than the gateway's <c>messages.idempotency_window</c> (5
    /// minutes), because a message may be sent again until then.
    /// </summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromMinutes(4);

    /// <summary>
    /// How many messages and requests may wait or be in flight. Beyond it, calls fail with <see cref="GatewayErrors.OutgoingOverflow"/>.
    /// </summary>
    public int MaxQueued { get; set; } = 1000;

    /// <summary>How many of them may be in flight at a time.</summary>
    public int MaxInFlight { get; set; } = 16;

    /// <summary>
    /// The maximum size of a message as JSON, in bytes; 0 for no limit. The gateway closes the connection on a message larger than its
    /// <c>raw.max_message_bytes</c>.
    /// </summary>
    public int MaxMessageBytes { get; set; } = 32768;

    /// <summary>
    /// How many messages may wait for the application's handlers, and for each <c>await foreach</c>. While more wait, the client does not
    /// read from the gateway.
    /// </summary>
    public int MaxUnread { get; set; } = 10_000;

    internal void Check()
    {
        Positive(RequestTimeout, nameof(RequestTimeout));
        Positive(SendTimeout, nameof(SendTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueued, 1, nameof(MaxQueued));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInFlight, 1, nameof(MaxInFlight));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxUnread, 1, nameof(MaxUnread));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxMessageBytes, nameof(MaxMessageBytes));
    }

    private protected static void Positive(TimeSpan time, string name)
    {
        if (time <= TimeSpan.Zero || time.TotalMilliseconds > int.MaxValue)
            throw new ArgumentOutOfRangeException(name, time, "must be more than nothing and less than 25 days");
    }
}

/// <summary>Options of a client. Names and defaults are those of the JavaScript client.</summary>
public sealed class GatewayClientOptions : ConversationOptions
{
    /// <summary>
    /// Returns a token. It is called for each connection and before the connection's token expires. If it fails, the attempt fails.
    /// </summary>
    public Func<CancellationToken, ValueTask<string?>>? TokenProvider { get; set; }

    /// <summary>The name that others see, for anonymous users.</summary>
    public string? Username { get; set; }

    /// <summary>
    /// A secret of 16 to 128 characters. Every connection with it belongs to the same anonymous user. Without it, the gateway creates one,
    /// which the client keeps as long as it lives.
    /// </summary>
    public string? GuestKey { get; set; }

    /// <summary>
    /// The upper bound of the first delay. Each further bound is twice as high; the delay is random below it ("full jitter").
    /// </summary>
    public TimeSpan ReconnectBaseDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The highest upper bound of a delay.</summary>
    public TimeSpan ReconnectMaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many attempts in a row may fail before the client closes; <c>null</c> for any number.</summary>
    public int? MaxReconnectAttempts { get; set; }

    /// <summary>How long a connection must last to reset delays and attempts.</summary>
    public TimeSpan StableAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The timeout of one attempt, up to the gateway's welcome.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the connection may be silent before the client sends a ping.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the gateway may take to respond to the ping before the client reconnects.</summary>
    public TimeSpan HeartbeatTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Configures the WebSocket: headers, certificates, a proxy.</summary>
    public Action<ClientWebSocketOptions>? ConfigureWebSocket { get; set; }

    internal new void Check()
    {
        base.Check();
        Positive(ConnectTimeout, nameof(ConnectTimeout));
        Positive(HeartbeatInterval, nameof(HeartbeatInterval));
        Positive(HeartbeatTimeout, nameof(HeartbeatTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(ReconnectBaseDelay, TimeSpan.Zero, nameof(ReconnectBaseDelay));
        ArgumentOutOfRangeException.ThrowIfLessThan(ReconnectMaxDelay, TimeSpan.Zero, nameof(ReconnectMaxDelay));
        if (MaxReconnectAttempts is { } attempts) ArgumentOutOfRangeException.ThrowIfNegative(attempts, nameof(MaxReconnectAttempts));
        if (GuestKey is { Length: < 22 or > 128 }) throw new ArgumentException("a guest key has 22 to 128 characters", nameof(GuestKey));
    }
}
