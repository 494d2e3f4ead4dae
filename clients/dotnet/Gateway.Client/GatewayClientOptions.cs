using System.Net.WebSockets;

namespace Gateway.Client;

/// <summary>How rooms and messages are looked after; the same for every kind of connection.</summary>
public class ConversationOptions
{
    /// <summary>For <c>JoinAsync</c>, <c>LeaveAsync</c> and <c>RequestAsync</c>, the time without a connection included.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For <c>SendAsync</c> and <c>ChatAsync</c>, the same. Must stay under the gateway's <c>messages.idempotency_window</c> (5 minutes): for so long a message may be sent again.
    /// </summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromMinutes(4);

    /// <summary>Messages and questions that may wait or be under way; one more is refused with <see cref="GatewayErrors.OutgoingOverflow"/>.</summary>
    public int MaxQueued { get; set; } = 1000;

    /// <summary>How many of them may be under way at a time.</summary>
    public int MaxInFlight { get; set; } = 16;

    /// <summary>What one message may weigh as JSON, in bytes; 0 for no limit. The gateway's is <c>raw.max_message_bytes</c>, and it closes the connection on more.</summary>
    public int MaxMessageBytes { get; set; } = 32768;

    /// <summary>Messages that may wait for the application's handlers, and for each <c>await foreach</c>. While more wait, nothing more is read from the gateway.</summary>
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
        if (time <= TimeSpan.Zero || time.TotalMilliseconds > int.MaxValue) throw new ArgumentOutOfRangeException(name, time, "must be more than nothing and less than 25 days");
    }
}

/// <summary>The names and defaults are those of the JavaScript client.</summary>
public sealed class GatewayClientOptions : ConversationOptions
{
    /// <summary>Asked at each connect, and when the connection's token is about to end. If it fails, the attempt has failed.</summary>
    public Func<CancellationToken, ValueTask<string?>>? TokenProvider { get; set; }

    /// <summary>The name that others see, for anonymous users.</summary>
    public string? Username { get; set; }

    /// <summary>A secret of 16 to 128 characters: whoever connects with it is the same anonymous user. Without it the gateway makes one up, and the client keeps it while it lives.</summary>
    public string? GuestKey { get; set; }

    /// <summary>The first delay is anything up to this, each further one anything up to twice as much ("full jitter").</summary>
    public TimeSpan ReconnectBaseDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest delay of all.</summary>
    public TimeSpan ReconnectMaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts in a row that may come to nothing before the client is closed; <c>null</c>: any number.</summary>
    public int? MaxReconnectAttempts { get; set; }

    /// <summary>A connection that lasted for so long was a success: delays and attempts are counted anew.</summary>
    public TimeSpan StableAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>For one attempt, from its beginning to the gateway's welcome.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After so long a silence the gateway is asked whether it is there.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>If nothing comes for so long after that, the link is dead: the client connects anew.</summary>
    public TimeSpan HeartbeatTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Headers, certificates, a proxy.</summary>
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
