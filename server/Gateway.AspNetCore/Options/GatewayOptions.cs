namespace Gateway.AspNetCore.Options;

/// <summary>
/// What can be set for a gateway. In configuration a property's key is its name in snake_case below its section's, such as <c>rooms.max_per_connection</c>.
/// </summary>
public class GatewayOptions
{
    public ServerOptions Server { get; set; } = new();
    public RawOptions Raw { get; set; } = new();
    public SignalROptions SignalR { get; set; } = new();
    public OutboxOptions Outbox { get; set; } = new();
    public RoomsOptions Rooms { get; set; } = new();
    public MessagesOptions Messages { get; set; } = new();
    public MetricsStreamOptions MetricsStream { get; set; } = new();
    public AuthOptions Auth { get; set; } = new();
    public RateLimitOptions RateLimit { get; set; } = new();
    public ModerationOptions Moderation { get; set; } = new();

    /// <summary>Broadcast domains beside the default one, by name.</summary>
    public IDictionary<string, NamedHubOptions> Hubs { get; set; } = new Dictionary<string, NamedHubOptions>(StringComparer.Ordinal);

    /// <summary>Endpoints whose frames a built-in handler answers.</summary>
    public IList<HandlerOptions> Handlers { get; set; } = [];

    internal GatewayOptions Copy() => (GatewayOptions)MemberwiseClone();
}
