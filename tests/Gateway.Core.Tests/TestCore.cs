using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Limits;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Core.Tests.Connections;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests;

/// <summary>The core of one replica, put together as the gateway does it, with clients whose sockets are in the test's hand.</summary>
internal sealed class TestCore : IDisposable
{
    public const int MaxRooms = 5;
    public const int MaxReplay = 40;
    private const int Shards = 3;

    private static readonly RoomPolicy ByDefault = new(
        ClientsPublish: true, Echo: true, Presence: true, Announce: false, SlowConsumerPolicy.Disconnect,
        new Retention(50, TimeSpan.FromHours(1)));

    private readonly ConnectionEvents _events;
    private int _lastId;

    /// <param name="grace">Within which a user may come back; by default none.</param>
    public TestCore(
        IBackplane? backplane = null, int rateLimit = 0, int announcements = 0, int maxPerUser = 0, int maxRooms = 0,
        bool relayUnknown = false, TimeSpan grace = default,
        VerifyToken? verify = null, RoomPermissions? permissions = null, DirectMessageRule? direct = null,
        IEnumerable<CommandRegistration>? commands = null,
        IConnectionObserver[]? observers = null, TimeSpan? observerLimit = null)
    {
        SupervisorLog = new ListLogger<Supervisor>();
        Supervisor = new Supervisor(TimeProvider.System, SupervisorLog);
        Backplane = backplane ?? new InProcessBackplane(new InProcessBackplaneLimits(TimeSpan.FromMinutes(5), 1_000_000), Supervisor, Time);
        _events = new ConnectionEvents(Meter, NullLogger<Connection>.Instance);
        Connections = new ConnectionTable(Shards);
        Rooms = new RoomTable(new RoomPolicies(ByDefault,
        [
            (
                "metrics",
                ByDefault with { ClientsPublish = false, Presence = false, OnFull = SlowConsumerPolicy.Latest, History = Retention.None }),
            ("unkept", ByDefault with { History = Retention.None }),
            ("announced*", ByDefault with { Announce = true }),
            ("served*", ByDefault with { Announce = true, ClientsPublish = false }),
            ("silent", ByDefault with { Echo = false }),
        ])
        { Permissions = permissions ?? RoomPermissions.None }, Shards);
        var policies = new FanOutPolicies(SlowConsumerPolicy.Disconnect, new Dictionary<string, SlowConsumerPolicy>());
        Lagging = new LagRecovery(Backplane, Meter, Supervisor, TimeProvider.System, NullLogger<LagRecovery>.Instance);
        FanOut = new FanOut(Connections, Rooms, policies, new FanOutLimits(Shards, BatchMessages: 16), Lagging, Meter, Supervisor, Time);
        Publisher = new Publisher(Backplane, Rooms, Connections, FanOut);
        Announce announce = (audience, message) => Publisher.AnnounceAsync(audience, message);
        Presence = new InProcessPresenceStore(
            Rooms, announce, grace, Supervisor, TimeProvider.System, NullLogger<InProcessPresenceStore>.Instance);
        var tracker = new PresenceTracker(Presence, Rooms, Time);
        var limits = new MembershipLimits(MaxRooms, MaxReplay) { MaxPerUser = maxPerUser, MaxRooms = maxRooms };
        var admission = new RoomAdmission(limits, Connections, Rooms, Meter, Time, NullLogger<RoomAdmission>.Instance);
        Membership = new RoomMembership(Rooms, admission, tracker, Backplane, limits, Supervisor, TimeProvider.System);
        var replicas = new SingleReplicaRegistry(new ReplicaStatus("r1", Connections, Time));
        Observers = new ConnectionObservers(() => observers ?? [], new DomainName(""), Supervisor, TimeProvider.System)
        {
            Limit = observerLimit ?? TimeSpan.FromSeconds(10),
        };
        Observers.Start();
        var systemMessages = new SystemMessages(AreSent: true);
        Lifecycle = new ConnectionLifecycle(
            Connections, Membership, replicas, Backplane, Observers, systemMessages, Meter, Supervisor, "r1",
            NullLogger<ConnectionLifecycle>.Instance);
        Restrictions = new InProcessRestrictionStore(Supervisor, Time);
        AdmissionPolicy = new AdmissionPolicy(Connections, Restrictions, maxPerUser: 0);
        var cluster = new InProcessCluster(
            new ClusterQueryHandler(Connections, Rooms, Membership, new ReplicaStatus("r1", Connections, Time)));
        Moderator = new Moderator(
            Restrictions, cluster, Publisher, "moderator", TimeSpan.FromDays(30), Meter, Time, NullLogger<Moderator>.Instance);
        var custom = new CustomTypes([("cursor", true), ("notice", false)], relayUnknown);
        var limit = new MessageRateLimiter(rateLimit, TimeSpan.FromSeconds(10), Time)
        {
            Announcements = announcements == 0 ? null : new SlidingWindows<string>(
                announcements, TimeSpan.FromSeconds(10), Supervisor, Time, StringComparer.Ordinal),
        };
        verify ??= _ => new((null, Error.InvalidToken));
        var directPermission = new DirectMessagePermission(
            direct ?? new DirectMessageRule(DirectReach.Anyone, []), Rooms, Connections, Presence);
        var domain = new TestServices(
            Publisher, Rooms, Membership, tracker, Backplane, directPermission, limit, Moderator, verify, Meter, Time);
        var services = new CommandServices(new DomainName(""), Publisher, Rooms, Moderator);
        Router = new CommandRouter(new CommandTable(commands ?? [], custom, services, domain), services, limit, Meter, Log);
        Backplane.Start(new BackplaneReceiver(FanOut, Connections, Rooms, Membership, new NoClients(), systemMessages));
    }

    public FakeTime Time { get; } = new();
    public ListLogger<CommandRouter> Log { get; } = new();
    public GatewayMeter Meter { get; } = new();
    public ListLogger<Supervisor> SupervisorLog { get; }
    public Supervisor Supervisor { get; }

    /// <summary>Of every client that comes from now on.</summary>
    public OutboxLimits OutboxLimits { get; set; } = new(100_000, 100_000_000);

    public IBackplane Backplane { get; }
    public ConnectionTable Connections { get; }
    public RoomTable Rooms { get; }
    public LagRecovery Lagging { get; }
    public FanOut FanOut { get; }
    public Publisher Publisher { get; }
    public InProcessPresenceStore Presence { get; }
    public RoomMembership Membership { get; }
    public ConnectionLifecycle Lifecycle { get; }
    public ConnectionObservers Observers { get; }
    public CommandRouter Router { get; }
    public InProcessRestrictionStore Restrictions { get; }
    public AdmissionPolicy AdmissionPolicy { get; }
    public Moderator Moderator { get; }

    /// <summary>A client that has not arrived yet.</summary>
    public TestClient Client(string? user = null, FrameFormat format = FrameFormat.RawWebSocket, string? id = null, params string[] roles)
    {
        var number = Interlocked.Increment(ref _lastId);
        var sink = new TestSink(format);
        var outbox = new Outbox(sink, OutboxLimits, corks: format == FrameFormat.Frames ? 0 : 1, Time);
        user ??= "user" + number;
        var dialect = format switch { FrameFormat.RawWebSocket => Dialect.Raw, FrameFormat.Frames => Dialect.Frames, _ => Dialect.SignalR };
        var identity = new UserIdentity(user, user.ToUpperInvariant()) { Roles = roles.ToHashSet() };
        return new TestClient(this, sink, new Connection(id ?? "c" + number, identity, dialect, outbox, _events, Time)
        {
            Shard = Connections.NextShard(),
        });
    }

    public async Task<TestClient> ConnectAsync(
        string[] rooms, string? user = null, FrameFormat format = FrameFormat.RawWebSocket, params string[] roles)
    {
        var client = Client(user, format, null, roles);
        Assert.Null(await Lifecycle.OnConnectedAsync(client.Connection, rooms).Bounded());
        return client;
    }

    public void Dispose()
    {
        Presence.DisposeAsync().AsTask().Wait(Within.Deadline);
        Restrictions.Dispose();
        Meter.Dispose();
    }
}
