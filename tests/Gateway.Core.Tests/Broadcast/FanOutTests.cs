using System.Text;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Broadcast;

public sealed class FanOutTests : IDisposable
{
    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Fact]
    public async Task EveryMemberOfEveryDialectGetsARoomsMessagesInTheirOrder()
    {
        const int Publishers = 4, Each = 250;
        var clients = new List<TestClient>();
        for (var i = 0; i < 9; i++) clients.Add(await _core.ConnectAsync(["r", "s"], format: (FrameFormat)(i % 3)));

        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(p => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
                await PublishAsync(
                    Audience.Room(i % 2 == 0 ? "r" : "s"), "chat", $$"""{"in":"{{(i % 2 == 0 ? "r" : "s")}}"}""");
        }))).Bounded();

        foreach (var client in clients)
        {
            await client.HasAsync("chat", Publishers * Each);
            foreach (var room in (string[])["r", "s"])
            {
                var offsets = client.Received.Where(r => r.Type == "chat"
                    && r.Payload.GetProperty("in").GetString() == room).Select(r => r.Payload.GetProperty("offset").GetInt64());
                Assert.Equal(Enumerable.Range(1, Publishers * Each / 2).Select(o => (long)o), offsets);
            }
        }
        Assert.Equal(9 * Publishers * Each, _core.Meter.Delivered);
    }

    [Fact]
    public async Task WhoIsExcludedIsLeftOutAndNobodyElse()
    {
        var (ada, bob, eve) = (await _core.ConnectAsync(["r"]), await _core.ConnectAsync(["r"]), await _core.ConnectAsync(["r"]));
        for (var i = 0; i < 100; i++)
        {
            string[] except = i % 3 == 0 ? [ada.Connection.Id, "nobody"] : i % 3 == 1 ? [bob.Connection.Id] : [];
            await PublishAsync(Audience.Room("r") with { Except = except }, "chat", $$"""{"i":{{i}}}""");
        }
        await eve.HasAsync("chat", 100);
        await ada.HasAsync("chat", 66);
        await bob.HasAsync("chat", 67);

        Assert.Equal(Enumerable.Range(0, 100).Where(i => i % 3 != 0), Numbers(ada));
        Assert.Equal(Enumerable.Range(0, 100).Where(i => i % 3 != 1), Numbers(bob));
        Assert.Equal(Enumerable.Range(0, 100), Numbers(eve));
    }

    [Fact]
    public async Task EveryoneUsersAndConnectionsAreReachedWhateverRoomsTheyAreIn()
    {
        var ada = await _core.ConnectAsync([], "ada");
        var adaToo = await _core.ConnectAsync(["r"], "ada", FrameFormat.SignalRRecord);
        var bob = await _core.ConnectAsync(["r"], "bob");

        Assert.Equal(3, (await PublishAsync(Audience.Everyone, "all", "1")).Receivers);
        Assert.True((await PublishAsync(Audience.Everyone with { Except = [bob.Connection.Id] }, "but-bob", "1")).Receivers >= 2);
        Assert.Equal(2, (await PublishAsync(Audience.User("ada"), "user", "1")).Receivers);
        Assert.Equal(1, (await PublishAsync(Audience.Connection(bob.Connection.Id), "connection", "1")).Receivers);
        Assert.Equal(0, (await PublishAsync(Audience.User("nobody"), "user", "1")).Receivers);
        Assert.Equal(0, (await PublishAsync(Audience.Connection("nobody"), "connection", "1")).Receivers);
        Assert.Equal(0, (await PublishAsync(Audience.Room("nowhere"), "room", "1")).Receivers);
        await Task.WhenAll(ada.HasAsync("user", 1), adaToo.HasAsync("user", 1), bob.HasAsync("connection", 1));
        await Task.WhenAll(ada.HasAsync("but-bob", 1), adaToo.HasAsync("but-bob", 1), bob.HasAsync("all", 1));

        Assert.Equal(["all", "but-bob", "user", "welcome"], ada.Received.Select(r => r.Type).Order(StringComparer.Ordinal));
        Assert.Equal(["all", "but-bob", "user", "welcome"], adaToo.Received.Select(r => r.Type).Order(StringComparer.Ordinal));
        Assert.Equal(["all", "connection", "welcome"], bob.Received.Select(r => r.Type).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task StalledMemberIsNotNoticedByTheOthers()
    {
        var (stalled, well) = (await _core.ConnectAsync(["r"]), await _core.ConnectAsync(["r"]));
        stalled.Sink.Stall();

        for (var i = 0; i < 500; i++) await PublishAsync(Audience.Room("r"), "chat", "{}");

        await well.HasAsync("chat", 500);
        Assert.Empty(stalled.PayloadsOf("chat"));
    }

    [Fact]
    public async Task PoliciesApplyByRoom()
    {
        var client = await _core.ConnectAsync(["r", "metrics"]);
        client.Sink.Stall();
        await PublishAsync(Audience.Room("r"), "chat", """{"i":0}""");
        await Within.Until(() => client.Sink.IsWaiting, "the first is with the sink");

        for (var i = 1; i <= 20; i++) await PublishAsync(Audience.Room("metrics"), "metrics", $$"""{"i":{{i}}}""");
        await PublishAsync(Audience.Room("r"), "chat", """{"i":1}""");
        await Within.Until(() => client.Connection.Outbox.Depth >= 2 && _core.Meter.Delivered >= 3, "all are posted");
        await Within.Until(() => client.Connection.Outbox.Depth == 2, "only the newest waits");
        client.Sink.Flow();

        Assert.Equal(["{\"i\":0,\"offset\":1}", "{\"i\":1,\"offset\":2}"], client.PayloadsOf("chat"));
    }

    [Fact]
    public async Task WelcomeComesBeforeWhateverIsPublishedWhileAClientArrives()
    {
        await _core.ConnectAsync(["r"]);
        using var stop = new CancellationTokenSource();
        var publisher = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await PublishAsync(Audience.Room("r"), "chat", "{}");
                await Task.Yield();
            }
        });

        for (var i = 0; i < 100; i++)
        {
            var client = await _core.ConnectAsync(["r"], format: (FrameFormat)(i % 3));
            await client.HasAsync("chat", 1);
            await _core.Lifecycle.OnDisconnectedAsync(client.Connection).Bounded();
            var received = client.Received;
            Assert.Equal("welcome", received[0].Type);
            var position = received[0].Payload.GetProperty("rooms")[0].GetProperty("offset").GetInt64();
            Assert.InRange(client.OffsetsOf("chat")[0], 1, position + 1);
        }
        await stop.CancelAsync();
        await publisher.Bounded();
    }

    [Theory]
    [InlineData(21, 11, 6, true)]
    [InlineData(21, 21, 6, false)] // as much again: the next batch is as good as this one
    [InlineData(21, 11, 3, false)] // the pause would be long beside the run
    [InlineData(3, 1, 50, false)] // few messages: nothing to gain
    public void WorkerPausesForFullerBatchesOnlyBesideLongRuns(int taken, int waiting, int tookMs, bool pauses) =>
        Assert.Equal(pauses, FanOutWorker.ShouldPause(taken, waiting, TimeSpan.FromMilliseconds(tookMs)));

    private static IEnumerable<int> Numbers(TestClient client) =>
        client.Received.Where(r => r.Type == "chat").Select(r => r.Payload.GetProperty("i").GetInt32());

    private Task<PublishResult> PublishAsync(Audience audience, string type, string payload) =>
        _core.Publisher.PublishAsync(
            audience, new Message(type, Encoding.UTF8.GetBytes(payload)) { CarriesOffset = payload[0] == '{' }).Bounded();
}
