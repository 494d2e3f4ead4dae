using Gateway.Core.Commands;
using Gateway.Core.Messages;

namespace Gateway.Configuration;

/// <summary>
/// Everything that can be set. A property's key is its name in snake_case below its section's, such as <c>server.shutdown_timeout</c>;
/// config/gateway.yaml lists all of them with these defaults, and a test holds the two together.
/// </summary>
public sealed class GatewayOptions
{
    public ServerOptions Server { get; set; } = new();
    public RawOptions Raw { get; set; } = new();
    public SignalROptions SignalR { get; set; } = new();
    public OutboxOptions Outbox { get; set; } = new();
    public RoomsOptions Rooms { get; set; } = new();
    public MessagesOptions Messages { get; set; } = new();
    public MetricsStreamOptions MetricsStream { get; set; } = new();
    public MetricsOptions Metrics { get; set; } = new();
    public RedisOptions Redis { get; set; } = new();
    public AuthOptions Auth { get; set; } = new();
    public RateLimitOptions RateLimit { get; set; } = new();
    public LoggingOptions Logging { get; set; } = new();
    public ModerationOptions Moderation { get; set; } = new();
    public AdminOptions Admin { get; set; } = new();

    /// <summary>Broadcast domains beside the default one, by name.</summary>
    public IDictionary<string, NamedHubOptions> Hubs { get; set; } = new Dictionary<string, NamedHubOptions>(StringComparer.Ordinal);

    /// <summary>Endpoints whose frames a built-in handler answers.</summary>
    public IList<HandlerOptions> Handlers { get; set; } = [];

    internal GatewayOptions Copy() => (GatewayOptions)MemberwiseClone();
}

public sealed class ServerOptions
{
    public string Host { get; set; } = "0.0.0.0";

    /// <summary>0 to 65535; 0 takes a free port.</summary>
    public int Port { get; set; } = 8080;
    public TlsOptions Tls { get; set; } = new();
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>0 = no limit.</summary>
    public int MaxConnections { get; set; } = 100_000;

    /// <summary>From one IPv4 address or one IPv6 /64; 0 = no limit.</summary>
    public int MaxConnectionsPerIp { get; set; }

    /// <summary>Of one user on one replica; 0 = no limit.</summary>
    public int MaxConnectionsPerUser { get; set; }

    /// <summary>How long a new TCP connection may take to bring its first request, TLS and headers included; 100ms to 1h.</summary>
    public TimeSpan FirstRequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client's machine may leave what was sent to it unacknowledged, or its window closed; 1s to 1h.</summary>
    public TimeSpan TcpUserTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Empty: the gateway's own origin, and clients that send no Origin. <c>*</c>: everyone.</summary>
    public IList<string> AllowedOrigins { get; set; } = [];

    /// <summary>Write to the socket past the web server's pipe where that is sound: plain-text HTTP/1.1.</summary>
    public bool DirectSocket { get; set; } = true;

    /// <summary>Serve the page at <c>/</c> and the description of the messages.</summary>
    public bool Page { get; set; } = true;

    /// <summary>Where the other replicas reach this one; empty: the machine's own address, and the port.</summary>
    public string AdvertiseAddress { get; set; } = "";

    /// <summary>
    /// What the replicas sign connection tokens and what they tell one another with: one secret of at least 32 bytes, or two while it is rotated. The first signs,
    /// both verify. Empty: derived from <see cref="AuthOptions.SigningKey"/> if that is set, else random (with Redis: only where <see cref="AuthOptions.Mode"/> is none).
    /// </summary>
    public IList<string> TokenKey { get; set; } = [];

    /// <summary>Addresses and networks (10.0.0.0/8) of proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed.</summary>
    public IList<string> TrustedProxies { get; set; } = [];

    /// <summary>Requests for other replicas' connections at a time, 0 to 10000000.</summary>
    public int MaxForwarded { get; set; } = 10_000;
}

public sealed class TlsOptions
{
    public bool Enabled { get; set; }

    /// <summary>PEM certificate, with its chain.</summary>
    public string CertFile { get; set; } = "";

    /// <summary>PEM private key.</summary>
    public string KeyFile { get; set; } = "";
}

public sealed class RawOptions
{
    public string Path { get; set; } = "/ws";

    /// <summary>128 to 16777216.</summary>
    public int MaxMessageBytes { get; set; } = 32768;
    public TimeSpan WriteWait { get; set; } = TimeSpan.FromSeconds(10);
    public TimeSpan PingPeriod { get; set; } = TimeSpan.FromSeconds(54);

    /// <summary>More than <see cref="PingPeriod"/>.</summary>
    public TimeSpan PongWait { get; set; } = TimeSpan.FromSeconds(60);
}

public sealed class SignalROptions
{
    public string Path { get; set; } = "/hub";

    /// <summary>Silence after which a client counts as gone. Stock clients are never silent for more than 15 s.</summary>
    public TimeSpan ClientTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Negotiations whose connection has not begun yet; 0 = no limit.</summary>
    public int MaxPendingNegotiations { get; set; } = 10_000;

    /// <summary>The same from one IPv4 address or one IPv6 /64; 0 = no limit.</summary>
    public int MaxPendingNegotiationsPerIp { get; set; } = 1_000;
}

public sealed class OutboxOptions
{
    /// <summary>Messages waiting for one connection, 1 to 65536.</summary>
    public int Capacity { get; set; } = 256;

    /// <summary>Bytes waiting for one connection, 4096 to 1073741824.</summary>
    public long MaxBytes { get; set; } = 1048576;
    public SlowConsumerPolicy OnFull { get; set; } = SlowConsumerPolicy.Disconnect;
}

public sealed class RoomsOptions
{
    public IList<string> AutoJoin { get; set; } = ["lobby", "metrics"];

    /// <summary>1 to 100000.</summary>
    public int MaxPerConnection { get; set; } = 100;

    /// <summary>Of one user, each counted once for each of its connections to one replica; 0 = no limit but the connection's.</summary>
    public int MaxPerUser { get; set; } = 1_000;

    /// <summary>Rooms that have members, of one hub on one replica; 0 = no limit.</summary>
    public int MaxRooms { get; set; } = 100_000;

    /// <summary>0: a user is gone with its last connection.</summary>
    public TimeSpan PresenceGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Messages that a connection may be given again when it comes back to a room, 0 to 1000000.</summary>
    public int MaxReplay { get; set; } = 10_000;

    /// <summary>Without Redis: what the history of all rooms may hold, 0 to 1099511627776 bytes.</summary>
    public long HistoryMaxBytes { get; set; } = 268_435_456;
    public RoomDefaults Defaults { get; set; } = new();

    /// <summary>The first that matches a room's name overrides the defaults.</summary>
    public IList<RoomPolicyOptions> Policies { get; set; } =
    [
        new() { Match = "metrics", Publish = PublishRight.Server, OnFull = SlowConsumerPolicy.Latest, History = 0, Presence = false, Announce = false },
        new() { Match = "lobby", Announce = false },
    ];

    /// <summary>Who may do what: the first that matches a room's name decides; without one nothing is forbidden.</summary>
    public IList<RoomPermissionOptions> Permissions { get; set; } = [];

    internal RoomsOptions Copy() => (RoomsOptions)MemberwiseClone();
}

public enum PublishRight
{
    Members,
    Server,
}

public sealed class RoomDefaults
{
    /// <summary>The newest messages that are kept, 0 to 1000000.</summary>
    public int History { get; set; } = 100;

    /// <summary>How long they are kept, 1s to 7 days.</summary>
    public TimeSpan HistoryTtl { get; set; } = TimeSpan.FromHours(1);
    public PublishRight Publish { get; set; } = PublishRight.Members;
    public bool Echo { get; set; } = true;
    public bool Presence { get; set; } = true;
    public bool Announce { get; set; } = true;
}

/// <summary>What is not set is taken from <see cref="RoomDefaults"/>, and <see cref="OnFull"/> from <see cref="OutboxOptions.OnFull"/>.</summary>
public sealed class RoomPolicyOptions
{
    /// <summary>A room's name; <c>*</c> stands for any text.</summary>
    public string Match { get; set; } = "";
    public int? History { get; set; }
    public TimeSpan? HistoryTtl { get; set; }
    public PublishRight? Publish { get; set; }
    public SlowConsumerPolicy? OnFull { get; set; }
    public bool? Echo { get; set; }
    public bool? Presence { get; set; }
    public bool? Announce { get; set; }
}

public sealed class MessagesOptions
{
    /// <summary>Any type is relayed to the sender's room as it is.</summary>
    public bool RelayUnknown { get; set; }

    /// <summary>How long a <c>message_id</c> is known, so that its message is not published twice; 1s to 24h.</summary>
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>To whom users may send <c>direct</c> messages.</summary>
    public DirectReach Direct { get; set; } = DirectReach.SharedRoom;

    /// <summary>Users with one of these roles may send <c>direct</c> messages to everyone.</summary>
    public IList<string> DirectRoles { get; set; } = [];

    /// <summary>Types that clients may send beside the built-in ones.</summary>
    public IDictionary<string, CustomMessageOptions> Custom { get; set; } = new Dictionary<string, CustomMessageOptions>();
}

public sealed class CustomMessageOptions
{
    public PublishRight Publish { get; set; } = PublishRight.Members;

    /// <summary>Not set: the room's.</summary>
    public SlowConsumerPolicy? OnFull { get; set; }
}

public sealed class MetricsStreamOptions
{
    public bool Enabled { get; set; } = true;

    /// <summary>50 to 3600000.</summary>
    public int IntervalMs { get; set; } = 1000;
}

public sealed class MetricsOptions
{
    public bool Enabled { get; set; } = true;

    /// <summary>An address, or <c>localhost</c>.</summary>
    public string Host { get; set; } = "localhost";

    /// <summary>0 to 65535; 0 takes a free port.</summary>
    public int Port { get; set; } = 9464;
}

public sealed class RedisOptions
{
    public bool Enabled { get; set; }

    /// <summary>One server, or several that share the rooms.</summary>
    public IList<string> Connection { get; set; } = ["localhost:6379"];

    /// <summary>How long a message waits for Redis to take it; 10ms to 1h.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Messages waiting for Redis, 1 to 10000000.</summary>
    public int MaxPending { get; set; } = 10_000;

    /// <summary>What every key and channel begins with.</summary>
    public string Prefix { get; set; } = "gw";

    /// <summary>After so long without a sign of life a replica is dead, and its members are gone.</summary>
    public TimeSpan PresenceLease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What the rooms of one hub may hold in one Redis server, 1048576 to 1099511627776 bytes.</summary>
    public long HistoryMaxBytes { get; set; } = 1_073_741_824;

    internal RedisOptions Copy() => (RedisOptions)MemberwiseClone();
}

public sealed class RateLimitOptions
{
    /// <summary>Messages that one connection may send in a window; 0 = no limit.</summary>
    public int Messages { get; set; } = 100;
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
    public UserRateOptions PerUser { get; set; } = new();
    public AnnouncementRateOptions Announcements { get; set; } = new();
    public ConnectionRateOptions ConnectionsPerIp { get; set; } = new();
    public FrameRateOptions ControlFrames { get; set; } = new();

    /// <summary>What is too much is counted, and let through.</summary>
    public bool DryRun { get; set; }
}

public sealed class UserRateOptions
{
    /// <summary>Messages that one user may send in a window, on all its connections and replicas together; 0 = no limit.</summary>
    public int Messages { get; set; }
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

public sealed class AnnouncementRateOptions
{
    /// <summary>How often one user may set a status in a window, on all its connections to one replica; 0 = no limit but the connection's.</summary>
    public int Messages { get; set; } = 20;
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

public sealed class FrameRateOptions
{
    /// <summary>WebSocket frames that are no messages (pings, pongs, empty ones, fragments below 1 KiB) that a connection may send at once; 0 = no limit.</summary>
    public int Frames { get; set; } = 500;

    /// <summary>As many may follow in this time.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

public sealed class ConnectionRateOptions
{
    /// <summary>New connections from one address in a window, on one replica; 0 = no limit.</summary>
    public int Connections { get; set; }
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}

public sealed class ModerationOptions
{
    /// <summary>The role that lets a user mute, kick and ban.</summary>
    public string Role { get; set; } = "moderator";

    /// <summary>How long a revocation is remembered, 1m to 8784h: no token may live longer.</summary>
    public TimeSpan RevocationTtl { get; set; } = TimeSpan.FromDays(30);
}

public sealed class AdminOptions
{
    /// <summary>None: the API is off. Else one, or two while it is rotated, of at least 16 characters.</summary>
    public IList<string> ApiKey { get; set; } = [];

    /// <summary>Where the API listens on a port of its own: an address, or <c>localhost</c>.</summary>
    public string Host { get; set; } = "localhost";

    /// <summary>0: the clients' port.</summary>
    public int Port { get; set; }
}

public sealed class LoggingOptions
{
    public LogLevel Level { get; set; } = LogLevel.Information;
}
