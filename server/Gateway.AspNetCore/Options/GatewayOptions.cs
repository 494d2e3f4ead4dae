namespace Gateway.AspNetCore.Options;

/// <summary>Options for a gateway.</summary>
/// <remarks>
/// The configuration key of a property is its name in snake_case below its section, such as <c>rooms.max_per_connection</c>.
/// </remarks>
public class GatewayOptions
{
    /// <summary>Gets or sets the options for connections in general.</summary>
    public ServerOptions Server { get; set; } = new();

    /// <summary>Gets or sets the options for raw clients.</summary>
    public RawOptions Raw { get; set; } = new();

    /// <summary>Gets or sets the options for SignalR clients.</summary>
    public SignalROptions SignalR { get; set; } = new();

    /// <summary>Gets or sets the options for the messages that wait for a connection.</summary>
    public OutboxOptions Outbox { get; set; } = new();

    /// <summary>Gets or sets the options for rooms.</summary>
    public RoomsOptions Rooms { get; set; } = new();

    /// <summary>Gets or sets the options for messages.</summary>
    public MessagesOptions Messages { get; set; } = new();

    /// <summary>Gets or sets the options for the live metrics in the room <c>metrics</c>.</summary>
    public MetricsStreamOptions MetricsStream { get; set; } = new();

    /// <summary>Gets or sets the options for the authentication of clients.</summary>
    public AuthOptions Auth { get; set; } = new();

    /// <summary>Gets or sets the rate limits.</summary>
    public RateLimitOptions RateLimit { get; set; } = new();

    /// <summary>Gets or sets the options for moderation.</summary>
    public ModerationOptions Moderation { get; set; } = new();

    /// <summary>Gets or sets the broadcast domains besides the default one, by name.</summary>
    public IDictionary<string, NamedHubOptions> Hubs { get; set; } = new Dictionary<string, NamedHubOptions>(StringComparer.Ordinal);

    /// <summary>Gets or sets the endpoints that a built-in frame handler serves.</summary>
    public IList<HandlerOptions> Handlers { get; set; } = [];

    internal GatewayOptions Copy() => (GatewayOptions)MemberwiseClone();
}
