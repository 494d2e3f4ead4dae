using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks.Micro;

/// <summary>The core with some members in a room, whose sockets take everything at once.</summary>
internal sealed class Bench
{
    private const int Shards = 1;

    private static readonly Supervisor Supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance);

    private readonly GatewayMeter _meter = new();
    private readonly ConnectionEvents _events;
    private readonly InProcessBackplane _backplane = new(
        new InProcessBackplaneLimits(TimeSpan.FromMinutes(5), 268_435_456), Supervisor, TimeProvider.System);

    public Bench(int members)
    {
        _events = new ConnectionEvents(_meter, NullLogger<Connection>.Instance);
        var policy = new RoomPolicy(
            ClientsPublish: true, Echo: true, Presence: true, Announce: false, SlowConsumerPolicy.Disconnect,
            new Retention(100, TimeSpan.FromHours(1)));
        Connections = new ConnectionTable(Shards);
        Rooms = new RoomTable(new RoomPolicies(policy, []), Shards);
        Bounds = new FanOutLimits(Shards, BatchMessages: 128);
        var lagging = new LagRecovery(_backplane, _meter, Supervisor, TimeProvider.System, NullLogger<LagRecovery>.Instance);
        FanOut = new FanOut(
            Connections, Rooms, new FanOutPolicies(SlowConsumerPolicy.Disconnect, new Dictionary<string, SlowConsumerPolicy>()), Bounds,
            lagging, _meter, Supervisor,
            TimeProvider.System);
        var publisher = new Publisher(_backplane, Rooms, Connections, FanOut);
        Announce announce = publisher.AnnounceAsync;
        var presence = new InProcessPresenceStore(
            Rooms, announce, TimeSpan.Zero, Supervisor, TimeProvider.System, NullLogger<InProcessPresenceStore>.Instance);
        var tracker = new PresenceTracker(presence, Rooms, TimeProvider.System);
        var limits = new MembershipLimits(100, 1000);
        var admission = new RoomAdmission(limits, Connections, Rooms, _meter, TimeProvider.System, NullLogger<RoomAdmission>.Instance);
        var membership = new RoomMembership(Rooms, admission, tracker, _backplane, limits, Supervisor, TimeProvider.System);
        _backplane.Start(new BackplaneReceiver(FanOut, Connections, Rooms, membership, new NoClients(), new SystemMessages(AreSent: true)));
        Poster = new BatchPoster(0, Bounds, lagging, _meter, Supervisor.Loop("fan_out"), TimeProvider.System);
        var restrictions = new InProcessRestrictionStore(Supervisor, TimeProvider.System);
        var cluster = new InProcessCluster(
            new ClusterQueryHandler(Connections, Rooms, membership, new ReplicaStatus("bench", Connections, TimeProvider.System)));
        var moderator = new Moderator(
            restrictions, cluster, publisher, "moderator", TimeSpan.FromDays(1), _meter, TimeProvider.System,
            NullLogger<Moderator>.Instance);
        var services = new ServiceCollection()
            .AddSingleton(publisher).AddSingleton(Rooms).AddSingleton(membership).AddSingleton(tracker).AddSingleton<IBackplane>(_backplane)
            .AddSingleton(new DirectMessageRule(DirectReach.Anyone, [])).AddSingleton(Connections).AddSingleton<IPresenceStore>(presence)
            .AddSingleton<DirectMessagePermission>().AddSingleton(new MessageRateLimiter(0, TimeSpan.FromSeconds(1), TimeProvider.System))
            .AddSingleton(moderator).AddSingleton<VerifyToken>(_ => new((null, Error.InvalidToken)))
                .AddSingleton(_meter).AddSingleton(TimeProvider.System)
            .AddSingleton(new CustomTypes([], false)).AddSingleton(new DomainName(""))
                .AddSingleton<CommandServices>().AddSingleton<CommandTable>()
            .AddSingleton<CommandRouter>().AddSingleton<ILogger<CommandRouter>>(NullLogger<CommandRouter>.Instance);
        Router = services.BuildServiceProvider().GetRequiredService<CommandRouter>();
        for (var i = 0; i < members; i++)
        {
            var outbox = new Outbox(
                new OpenSink(i % 2 == 0 ? FrameFormat.RawWebSocket : FrameFormat.SignalRWebSocket), new OutboxLimits(256, 1 << 20),
                corks: 0, TimeProvider.System);
            Sender = new Connection(
                $"c{i}", new UserIdentity($"u{i}", "Ann"), i % 2 == 0 ? Dialect.Raw : Dialect.SignalR, outbox, _events,
                TimeProvider.System);
            Connections.Add(Sender);
            membership.JoinAsync(Sender, "lobby").AsTask().Wait();
        }
    }

    public ConnectionTable Connections { get; }
    public RoomTable Rooms { get; }
    public FanOutLimits Bounds { get; }
    public FanOut FanOut { get; }
    public BatchPoster Poster { get; }
    public CommandRouter Router { get; }
    public Connection Sender { get; } = null!;
    public long Delivered => _meter.Delivered;

    private sealed class OpenSink(FrameFormat format) : IFrameSink
    {
        public FrameFormat Format => format;

        public int TryWrite(ReadOnlySpan<byte> bytes) => bytes.Length;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => default;

        public void Complete()
        {
        }

        public void Abort()
        {
        }
    }
}
