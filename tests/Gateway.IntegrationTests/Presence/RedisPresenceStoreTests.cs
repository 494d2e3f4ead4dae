using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Tests;
using Gateway.Core.Tests.Broadcast;
using Gateway.Core.Tests.Presence;
using Gateway.Core.Wire;
using Gateway.Redis.Rooms;
using Gateway.Redis.Servers;
using Gateway.Testing;
using StackExchange.Redis;

namespace Gateway.IntegrationTests.Presence;

/// <summary>The spec that the in-process store passes too, against a real Redis; and what several replicas make of one another.</summary>
public sealed class RedisPresenceStoreTests : PresenceSpec
{
    private readonly List<PresenceReplica> _replicas = [];
    private readonly RecordingReceiver _heard = new();
    private readonly List<RedisServer> _more = [];
    private RedisServer _redis = null!;

    public override async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    internal override async ValueTask<IPresenceStore> OpenAsync(TimeSpan grace, RecordingReceiver told) =>
        (await StartAsync("a", grace, told)).Presence;

    protected override async ValueTask CloseAsync()
    {
        foreach (var replica in _replicas) await replica.DisposeAsync();
        foreach (var redis in _more.Append(_redis)) await redis.DisposeAsync();
    }

    [Fact]
    public async Task AllReplicasListTheSameAndTellOnce()
    {
        var (a, b) = (await StartAsync("a", Grace, _heard), await StartAsync("b", Grace));
        var (ada, adaToo, bob) = (Users.Connect("ada"), Users.Connect("ada"), Users.Connect("bob"));
        await a.Presence.AddAsync(Team, ada).Bounded();
        await b.Presence.AddAsync(Team, bob).Bounded();
        await b.Presence.AddAsync(Team, adaToo).Bounded();
        adaToo.SetStatus("away");
        await b.Presence.UpdateAsync(Team, adaToo).Bounded();

        foreach (var replica in _replicas)
        {
            Assert.Equal(
                [("ada", "away", 2, ada.ConnectedAt), ("bob", "online", 1, bob.ConnectedAt)],
                (await replica.Presence.ListAsync(Team).Bounded()).Select(m => (m.UserId, m.Status, m.Connections, m.ConnectedAt)));
        }
        await a.Presence.RemoveAsync(Team, ada, atOnce: true).Bounded();
        await b.Presence.RemoveAsync(Team, adaToo, atOnce: true).Bounded();
        await AssertHeardAsync(a, "join ada", "join bob", "leave ada");
    }

    [Fact]
    public async Task UserWhoComesBackOnAnotherReplicaHasNotBeenGone()
    {
        var (a, b) = (await StartAsync("a", Grace, _heard), await StartAsync("b", Grace));
        var (ada, bob) = (Users.Connect("ada"), Users.Connect("bob"));
        await a.Presence.AddAsync(Team, ada).Bounded();
        await a.Presence.AddAsync(Team, bob).Bounded();

        await a.Presence.RemoveAsync(Team, ada, atOnce: false).Bounded();
        await b.Presence.AddAsync(Team, Users.Connect("ada")).Bounded();
        await a.Presence.RemoveAsync(Team, bob, atOnce: false).Bounded();

        await _heard.HasAsync(3);
        await AssertHeardAsync(a, "join ada", "join bob", "leave bob");
    }

    [Fact]
    public async Task MembersOfADeadReplicaAreGoneWithinItsLeaseAndToldOfOnce()
    {
        var (a, b, c) = (await StartAsync("a", Grace, _heard), await StartAsync("b", Grace), await StartAsync("c", Grace));
        for (var i = 0; i < 250; i++) await b.Presence.AddAsync(Team, Users.Connect($"lost{i:000}")).Bounded();
        await b.Presence.AddAsync(Quiet, Users.Connect("lost")).Bounded();
        await b.Presence.AddAsync(Team, Users.Connect("ada")).Bounded();
        await c.Presence.AddAsync(Team, Users.Connect("ada")).Bounded();
        await Within.Until(() => a.Replicas.Counts.Replicas == 3, "a sees all");

        await b.KillAsync();
        var killed = TimeProvider.System.GetTimestamp();

        await _heard.HasAsync(251 + 250);
        // the machine is busy with other tests
        Assert.InRange(TimeProvider.System.GetElapsedTime(killed), TimeSpan.Zero, PresenceReplica.Lease + TimeSpan.FromSeconds(3));
        Assert.Equal([("ada", 1)], (await c.Presence.ListAsync(Team).Bounded()).Select(m => (m.UserId, m.Connections)));
        await UntilAsync(async () => (await a.Presence.ListAsync(Quiet)).Count == 0, "the other room is empty");
        await AssertHeardAsync(a, [.. Lost("join"), "join ada", .. Lost("leave")]);
        await Within.Until(() => a.Replicas.Counts.Replicas == 2, "a sees that one is gone");
        await UntilAsync(async () => await _redis.CommandAsync("SCARD gw:{replicas}:dead") == ":0", "the lease is cleared up");
        Assert.Equal(":0", await _redis.CommandAsync("EXISTS gw:{replicas}:rooms:b/1"));

        static IEnumerable<string> Lost(string @event) => Enumerable.Range(0, 250).Select(i => $"{@event} lost{i:000}");
    }

    [Fact]
    public async Task MembersOfAReplicaThatStopsMayComeBackWithinTheirGrace()
    {
        var (a, b, c) = (await StartAsync("a", Grace, _heard), await StartAsync("b", Grace), await StartAsync("c", Grace));
        foreach (var user in new[] { "ada", "bob", "cyd" }) await b.Presence.AddAsync(Team, Users.Connect(user)).Bounded();

        await b.StopAsync();
        await c.Presence.AddAsync(Team, Users.Connect("bob")).Bounded();

        Assert.Equal(
            ["ada", "bob", "cyd"], (await c.Presence.ListAsync(Team).Bounded()).Select(m => m.UserId).Order(StringComparer.Ordinal));
        await _heard.HasAsync(5);
        Assert.Equal(["leave ada", "leave cyd"], ToldBy(_heard)[3..].Order(StringComparer.Ordinal));
        Assert.Equal(["bob"], (await a.Presence.ListAsync(Team).Bounded()).Select(m => m.UserId));
        await AssertHeardAsync(a, [.. ToldBy(_heard)]);
        Assert.Equal(2, c.Replicas.Counts.Replicas);
    }

    /// <summary>Nobody is left who could look after those who may come back: whoever comes next does.</summary>
    [Fact]
    public async Task WhatTheLastReplicaLeavesTheNextOneClearsUp()
    {
        var a = await StartAsync("a", Grace);
        await a.Presence.AddAsync(Team, Users.Connect("ada")).Bounded();
        await a.StopAsync();

        var b = await StartAsync("b", Grace, _heard);

        await UntilAsync(async () => (await b.Presence.ListAsync(Team)).Count == 0, "nobody is listed");
        await AssertHeardAsync(b, "leave ada");
    }

    [Fact]
    public async Task ReplicaThatWasTakenForDeadIsThereAgain()
    {
        var (a, b) = (await StartAsync("a", Grace, _heard), await StartAsync("b", Grace));
        var ada = Users.Connect("ada");
        await b.Presence.AddAsync(Team, ada).Bounded();
        await b.Presence.AddAsync(Quiet, ada).Bounded();

        Assert.Equal(":1", await _redis.CommandAsync("HDEL gw:{replicas}:alive b/1"));
        await _redis.CommandAsync("SADD gw:{replicas}:dead b/1");

        await Within.Until(() => b.LeaseName == "b/2", "it takes a new lease");
        await UntilAsync(async () => await _redis.CommandAsync("EXISTS gw:{replicas}:rooms:b/1") == ":0", "the old one is cleared up");
        await UntilAsync(
            async () => (await _redis.CommandAsync("SCARD gw:{replicas}:rooms:b/2")) == ":2", "its rooms stand under the new one");
        foreach (var room in new[] { Team, Quiet })
            Assert.Equal([("ada", 1)], (await a.Presence.ListAsync(room).Bounded()).Select(m => (m.UserId, m.Connections)));
        await b.Presence.RemoveAsync(Team, ada, atOnce: true).Bounded();
        await AssertHeardAsync(a, "join ada", "leave ada");
    }

    /// <summary>
    /// A replica that was taken for dead while a command of its own was still on the way leaves an entry that no lease stands for.
    /// </summary>
    [Fact]
    public async Task EntryThatNoLeaseStandsForGoesWhenItIsMet()
    {
        var a = await StartAsync("a", Grace, _heard);
        await _redis.CommandAsync(
            """HSET gw:{team}:members ghost '{"gone/1":"""
            + """{"username":"G","status":"online","connected_at":1770091506789,"connections":1}}'""");

        await UntilAsync(async () => (await a.Presence.ListAsync(Team)).Count == 0, "it is gone");
        await AssertHeardAsync(a, "leave ghost");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatHappensWhileRedisIsAwayIsMadeUpFor(bool keepsData)
    {
        await _redis.DisposeAsync();
        _redis = await RedisServer.StartAsync(keepsData);
        var a = await StartAsync("a", Grace);
        var users = new[] { "stays", "leaves", "drops" }.Select(user => Users.Connect(user)).ToList();
        foreach (var user in users) await a.Presence.AddAsync(Team, user).Bounded();

        await _redis.KillAsync();
        await a.Presence.RemoveAsync(Team, users[1], atOnce: true).Bounded();
        await a.Presence.RemoveAsync(Team, users[2], atOnce: false).Bounded();
        await a.Presence.AddAsync(Team, Users.Connect("comes")).Bounded();
        await Assert.ThrowsAsync<BackplaneException>(() => a.Presence.ListAsync(Team).Bounded());
        await _redis.RestartAsync();

        await UntilAsync(
            async () => (await ListedAsync(a)).Select(m => m.UserId).SequenceEqual(["stays", "comes"]), "those are listed who are there");
        // Two leaves and one join: who was there at first is not told of again, also if Redis has forgotten it.
        Assert.Equal(
            ":3",
            await _redis.CommandAsync(
                "EVAL \"return tonumber(string.match(redis.call('INFO','commandstats'),'cmdstat_publish:calls=(%d+)'))\" 0"));
        Assert.Equal(":0", await _redis.CommandAsync("EXISTS gw:{team}:position gw:{team}:history")); // nobody has said anything
    }

    [Fact]
    public async Task DeadReplicaIsClearedUpAfterOnEveryServer()
    {
        _more.AddRange([await RedisServer.StartAsync(), await RedisServer.StartAsync()]);
        var (a, b) = (await StartAsync("a", Grace), await StartAsync("b", Grace));
        var rooms = Enumerable.Range(0, 20).Select(i => $"room{i}").ToList();
        foreach (var room in rooms) await b.Presence.AddAsync(room, Users.Connect("ada")).Bounded();
        foreach (var redis in _more.Append(_redis)) Assert.NotEqual(":0", await redis.CommandAsync("SCARD gw:{replicas}:rooms:b/1"));
        foreach (var room in rooms) Assert.Single(await a.Presence.ListAsync(room).Bounded());

        await b.KillAsync();

        foreach (var room in rooms) await UntilAsync(async () => (await a.Presence.ListAsync(room)).Count == 0, $"nobody is in {room}");
    }

    /// <summary>
    /// Connections to Redis break again and again, also between a command and its answer; users of both replicas come and go, some of them
    /// on both.
    /// </summary>
    [Fact]
    public async Task WhatIsToldIsWhatHappenedAlsoWhenAnswersAreLost()
    {
        var (a, b) = (await StartAsync("a", TimeSpan.FromMilliseconds(50)), await StartAsync("b", TimeSpan.FromMilliseconds(50)));
        // A replica whose connections break may miss announcements, and tells its members so. This listener's subscription does not break.
        using var listener = await ConnectionMultiplexer.ConnectAsync(_redis.Address).Bounded();
        await listener.GetSubscriber().SubscribeAsync(
            new RedisKeys("gw").Channel(Audience.Room(Team)), (_, announcement) => Hear((byte[])announcement!)).Bounded();
        using var over = new CancellationTokenSource();
        var breaking = BreakAsync();

        var stayed = await Task.WhenAll(Enumerable.Range(0, 6).Select(ComeAndGoAsync)).Bounded();
        await over.CancelAsync();
        await breaking.Bounded();

        var present = stayed.OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var replica in new[] { a, b })
            await UntilAsync(
                async () => (await ListedAsync(replica)).Select(m => m.UserId).Order(StringComparer.Ordinal).SequenceEqual(present),
                "those who stayed are listed");
        await Within.Until(() => Present(ToldBy(_heard)).SequenceEqual(present), "those who stayed are present to who listens");
        AssertTurns(ToldBy(_heard));

        void Hear(ReadOnlyMemory<byte> announcement)
        {
            Assert.True(PositionHeader.TryRead(announcement, out var position, out var frame));
            Assert.True(BackplaneFrame.TryReadMessage(frame, out var audience, out var message));
            _heard.Deliver(audience, message, position);
        }

        async Task BreakAsync()
        {
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(150));
            for (var i = 0; await tick.WaitForNextTickAsync() && !over.IsCancellationRequested; i++)
                await _redis.CommandAsync("CLIENT KILL TYPE normal SKIPME yes");
        }

        // Two connections for each user, one on each replica.
        async Task<string?> ComeAndGoAsync(int worker)
        {
            var (random, presence, own) = (new Random(worker), (worker % 2 == 0 ? a : b).Presence, Users.Connect($"user{worker / 2}"));
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            var isIn = false;
            for (var i = 0; i < 300 && await tick.WaitForNextTickAsync(); i++)
            {
                if (isIn) await presence.RemoveAsync(Team, own, atOnce: random.Next(2) == 0);
                else await presence.AddAsync(Team, own);
                isIn = !isIn;
            }
            if (worker % 4 == 0 && !isIn) await presence.AddAsync(Team, own);
            if (worker % 4 != 0 && isIn) await presence.RemoveAsync(Team, own, atOnce: true);
            return worker % 4 == 0 ? own.User.Id : null;
        }
    }

    /// <summary>
    /// What was announced while the subscription was broken is kept nowhere; whoever listens is told that its list is no longer sure.
    /// </summary>
    [Fact]
    public async Task WhoListensHearsThatAnnouncementsMayHaveBeenLost()
    {
        var a = await StartAsync("a", Grace, _heard);
        Assert.Empty(_heard.WithoutAnnouncements);

        await _redis.CommandAsync("CLIENT KILL TYPE pubsub");

        await Within.Until(() => _heard.WithoutAnnouncements.Contains(Team), "the room is to be looked at again");
        await a.Presence.AddAsync(Team, Users.Connect("ada")).Bounded();
        await Within.Until(() => ToldBy(_heard).Contains("join ada"), "what is announced from then on is heard");
    }

    /// <summary>A pause that is longer than the lease is everybody's, and so nobody's death.</summary>
    [Fact]
    public async Task NobodyIsDeadBecauseRedisIsSlow()
    {
        var (a, b) = (await StartAsync("a", Grace, _heard), await StartAsync("b", Grace));
        await b.Presence.AddAsync(Team, Users.Connect("ada")).Bounded();

        await _redis.CommandAsync($"CLIENT PAUSE {PresenceReplica.Lease.TotalMilliseconds * 1.5} ALL");
        var during = TimeProvider.System.GetTimestamp();
        await b.Presence.AddAsync(Team, Users.Connect("bob")).Bounded();
        // it does not wait for the end
        Assert.InRange(TimeProvider.System.GetElapsedTime(during), TimeSpan.Zero, TimeSpan.FromSeconds(2.8));

        await UntilAsync(async () => (await ListedAsync(a)).Count == 2, "both are listed");
        Assert.Equal(["a/1", "b/1"], [a.LeaseName, b.LeaseName]);
        await AssertHeardAsync(a, "join ada", "join bob");
    }

    private static async Task<IReadOnlyList<PresenceMember>> ListedAsync(PresenceReplica replica)
    {
        try
        {
            return await replica.Presence.ListAsync(Team);
        }
        catch (BackplaneException)
        {
            return [];
        }
    }

    private static Task UntilAsync(Func<Task<bool>> condition, string what) => Deadline.Until(condition, what);

    private async Task<PresenceReplica> StartAsync(string id, TimeSpan grace, RecordingReceiver? told = null)
    {
        var replica = await PresenceReplica.StartAsync([_redis, .. _more], Rooms, id, grace, told);
        _replicas.Add(replica);
        return replica;
    }

    /// <summary>This and nothing else has been told, in any order within what one step tells.</summary>
    private async Task AssertHeardAsync(PresenceReplica replica, params string[] told)
    {
        await replica.Presence.AddAsync(Team, Users.Connect("last")).Bounded();
        await _heard.HasAsync(told.Length + 1);
        await Within.Until(() => ToldBy(_heard).Contains("join last"), "the last");
        Assert.Equal(told.Order(StringComparer.Ordinal), ToldBy(_heard)[..^1].Order(StringComparer.Ordinal));
    }
}
