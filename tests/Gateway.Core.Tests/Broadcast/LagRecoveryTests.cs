using Gateway.Core.Connections;

namespace Gateway.Core.Tests.Broadcast;

/// <summary>Members that cannot keep up for a moment, in a room with a history of 50 messages and the policy <c>disconnect</c>.</summary>
public sealed class LagRecoveryTests : IDisposable
{
    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Theory]
    [InlineData(16, 100_000)]
    [InlineData(1000, 1500)]
    [InlineData(1, 100_000)]
    public async Task BurstLargerThanTheOutboxComesFromTheHistory(int messages, int bytes)
    {
        _core.OutboxLimits = new OutboxLimits(messages, bytes);
        var bob = await _core.ConnectAsync(["r"]);
        _core.OutboxLimits = new OutboxLimits(100_000, 100_000_000);
        var ada = await _core.ConnectAsync(["r"]);
        bob.Sink.Stall();

        await SayAsync(ada, 1, 45);
        await ada.HasAsync("chat", 45);
        bob.Sink.Flow();
        await bob.HasAsync("chat", 45);
        await SayAsync(ada, 46, 60);

        await bob.HasAsync("chat", 60);
        Assert.Equal(Enumerable.Range(1, 60).Select(i => (long)i), bob.OffsetsOf("chat"));
        Assert.True(bob.Connection.Outbox.IsOpen);
    }

    [Fact]
    public async Task MemberWhomTheHistoryHasMovedPastIsClosedAsASlowConsumer()
    {
        _core.OutboxLimits = new OutboxLimits(16, 100_000);
        var bob = await _core.ConnectAsync(["r"]);
        _core.OutboxLimits = new OutboxLimits(100_000, 100_000_000);
        var ada = await _core.ConnectAsync(["r"]);
        bob.Sink.Stall();

        await SayAsync(ada, 1, 100);

        await Within.Until(() => !bob.Connection.Outbox.IsOpen, "bob is closed");
        Assert.Equal(1, bob.Connection.Outbox.Depth); // the close frame: what waited is not kept for it
        var heard = bob.OffsetsOf("chat");
        Assert.Equal(Enumerable.Range(1, heard.Count).Select(i => (long)i), heard);
    }

    [Fact]
    public async Task ManyWhoStallForAMomentMissNothingAndHearNothingTwice()
    {
        const int Messages = 2000;
        _core.OutboxLimits = new OutboxLimits(8, 100_000);
        var listeners = new List<TestClient>();
        for (var i = 0; i < 6; i++) listeners.Add(await _core.ConnectAsync(["r"]));
        _core.OutboxLimits = new OutboxLimits(100_000, 100_000_000);
        var ada = await _core.ConnectAsync(["r"]);
        var random = new Random(1);
        for (var said = 0; said < Messages; said += 20)
        {
            foreach (var listener in listeners)
            {
                if (random.Next(2) == 0) listener.Sink.Stall();
                else listener.Sink.Flow();
            }
            await SayAsync(ada, said + 1, said + 20);
            if (said % 40 != 20) continue;
            foreach (var listener in listeners) listener.Sink.Flow();
            foreach (var listener in listeners) await listener.HasAsync("chat", said + 20);
        }
        foreach (var listener in listeners)
        {
            Assert.Equal(Enumerable.Range(1, Messages).Select(i => (long)i), listener.OffsetsOf("chat"));
            Assert.True(listener.Connection.Outbox.IsOpen);
            Assert.Null(listener.Sink.Violation);
        }
    }

    [Fact]
    public async Task MemberThatLeavesWhileItRecoversIsGivenNothingMore()
    {
        _core.OutboxLimits = new OutboxLimits(8, 100_000);
        var bob = await _core.ConnectAsync(["r"]);
        _core.OutboxLimits = new OutboxLimits(100_000, 100_000_000);
        var ada = await _core.ConnectAsync(["r", "s"]);
        bob.Sink.Stall();
        await SayAsync(ada, 1, 30);
        await ada.HasAsync("chat", 30);
        await Within.Until(() => bob.Connection.Rooms.Find("r")!.LiveBuffer != null, "bob recovers");

        var leaving = bob.DoAsync("leave", """{"room":"r"}""");
        await leaving;
        bob.Sink.Flow();
        await bob.DoAsync("join", """{"room":"s"}""");
        await ada.DoAsync("chat", """{"room":"s","content":"end"}""");

        await Within.Until(() => bob.PayloadsOf("chat").Any(p => p.Contains("end", StringComparison.Ordinal)), "the end");
        Assert.InRange(bob.PayloadsOf("chat").Count, 1, 25); // one batch of 16 in the socket, 8 in the outbox, and the end;
        Assert.True(bob.Connection.Outbox.IsOpen);
    }

    [Fact]
    public async Task RoomWithoutAHistoryClosesAtOnce()
    {
        _core.OutboxLimits = new OutboxLimits(8, 100_000);
        var bob = await _core.ConnectAsync(["unkept"]);
        _core.OutboxLimits = new OutboxLimits(100_000, 100_000_000);
        var ada = await _core.ConnectAsync(["unkept"]);
        bob.Sink.Stall();

        for (var i = 0; i < 30; i++) await ada.DoAsync("chat", """{"room":"unkept","content":"x"}""");

        await Within.Until(() => !bob.Connection.Outbox.IsOpen, "bob is closed");
    }

    private static async Task SayAsync(TestClient client, int from, int to)
    {
        for (var i = from; i <= to; i++) await client.DoAsync("chat", $$"""{"room":"r","content":"{{i}}"}""");
    }
}
