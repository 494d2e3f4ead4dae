using Gateway.Core.Messages;
using Gateway.Core.Wire;
using static Gateway.Core.Tests.Connections.OutboxFixture;

namespace Gateway.Core.Tests.Connections;

public sealed class OutboxEndTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public void CloseGoesOutAfterWhatWaits()
    {
        var f = new OutboxFixture().Stalled();
        f.Outbox.Post(One("a"));

        f.Outbox.Close(CloseReason.Shutdown);
        f.Outbox.Close(CloseReason.Normal);
        Assert.Equal(0, f.Outbox.Post(One("b")));
        f.Sink.Flow();

        Assert.Equal(["stalled", "a", "close 1001 shutting down"], f.Written);
        Assert.Equal([CloseReason.Shutdown], f.Owner.Closes);
        Assert.Empty(f.Owner.Drops);
        Assert.Equal(1, f.Sink.Completions);
    }

    [Fact]
    public async Task CloseCanGoOutInsteadOfWhatWaits()
    {
        var f = new OutboxFixture().Stalled();
        f.Outbox.Post(Many(["a", "b"]));
        var pong = f.Outbox.WriteAsync(Frame("pong")).AsTask();

        f.Outbox.Close(CloseReason.Flooding, discardQueue: true);
        await pong.Bounded();
        f.Sink.Flow();

        Assert.Equal(["stalled", "close 1008 flooding"], f.Written);
        Assert.Equal([(null, 2)], f.Owner.Drops);
    }

    [Fact]
    public void IdleOutboxSendsTheCloseFrameAtOnceAndIsComplete()
    {
        var f = new OutboxFixture(format: FrameFormat.SignalRWebSocket);

        f.Outbox.Close(CloseReason.Normal);

        Assert.Equal(["{\"type\":7,\"error\":\"\"}\u001e", "close 1000"], f.Written);
        Assert.Equal(1, f.Sink.Completions);
        Assert.Equal(0, f.Sink.Aborts);
    }

    [Theory]
    [InlineData(0), InlineData(3)]
    public async Task FailedWriteEndsTheConnection(int window)
    {
        var f = new OutboxFixture();
        f.Sink.Stalls = true;
        f.Sink.Window = window;
        f.Outbox.Post(One("a long one"));
        f.Outbox.Post(Many(["b", "c"]));
        var pong = f.Outbox.WriteAsync(Frame("pong")).AsTask();

        f.Sink.Abort();

        await Assert.ThrowsAsync<IOException>(() => pong.Bounded());
        Assert.Equal([(null, 2)], f.Owner.Drops);
        Assert.Equal(1, f.Owner.Broken);
        Assert.False(f.Outbox.IsOpen);
        Assert.Equal(0, f.Outbox.Post(One("d")));
        await f.Outbox.StopAsync(Long).Bounded();
    }

    [Fact]
    public async Task FailureOfTheSinkIsNotThrownAtPostersButAtTheFramework()
    {
        var posted = new OutboxFixture();
        posted.Sink.Fails = true;
        posted.Outbox.Post(One("a"));
        Assert.Equal(1, posted.Owner.Broken);
        Assert.Equal(1, posted.Sink.Aborts);

        var written = new OutboxFixture();
        written.Sink.Fails = true;
        await Assert.ThrowsAsync<IOException>(() => written.Outbox.WriteAsync(Frame("a")).Bounded());
        Assert.Equal(1, written.Owner.Broken);
    }

    [Fact]
    public async Task AbortForgetsWhatWaitsAndFreesTheFramework()
    {
        var f = new OutboxFixture().Stalled();
        f.Outbox.Post(Many(["a", "b"]));
        var pong = f.Outbox.WriteAsync(Frame("pong")).AsTask();

        f.Outbox.Abort();

        await Assert.ThrowsAsync<IOException>(() => pong.Bounded());
        Assert.Equal([(null, 2)], f.Owner.Drops);
        Assert.Equal(0, f.Outbox.Depth);
        Assert.True(f.Sink.Aborts > 0);
    }

    [Fact]
    public async Task StopWaitsForTheWriteUnderWayAndDropsTheRest()
    {
        var f = new OutboxFixture().Stalled();
        f.Outbox.Post(One("a"));

        var stop = f.Outbox.StopAsync(Long);
        Assert.False(stop.IsCompleted);
        f.Sink.Flow();
        await stop.Bounded();

        Assert.Equal(["stalled"], f.Written);
        Assert.Equal([(null, 1)], f.Owner.Drops);
        Assert.Equal(0, f.Sink.Aborts);
    }

    [Fact]
    public async Task StopLetsOurCloseFrameGoOut()
    {
        var f = new OutboxFixture().Stalled();
        f.Outbox.Close(CloseReason.Shutdown);

        var stop = f.Outbox.StopAsync(Long);
        f.Sink.Flow();
        await stop.Bounded();

        Assert.Equal(["stalled", "close 1001 shutting down"], f.Written);
    }

    [Fact]
    public async Task StopAbortsWhatDoesNotEndInTime()
    {
        var f = new OutboxFixture().Stalled();

        await f.Outbox.StopAsync(TimeSpan.FromMilliseconds(1)).Bounded();

        Assert.True(f.Sink.Aborts > 0);
    }

    [Fact]
    public async Task NobodyTouchesTheSinkAfterStop()
    {
        var f = new OutboxFixture();
        await f.Outbox.StopAsync(Long).Bounded();
        f.Sink.Disposed = true;

        f.Outbox.Abort();
        f.Outbox.Post(One("a"));
        f.Outbox.Close(CloseReason.Shutdown);
        f.Outbox.Uncork(One("welcome"));
        await f.Outbox.WriteAsync(Frame("a")).Bounded();
        await f.Outbox.StopAsync(Long).Bounded();

        Assert.Null(f.Sink.Violation);
        Assert.Empty(f.Sink.Handed);
    }

    [Fact]
    public void WriteThatTakesTooLongIsOverdueUntilItEnds()
    {
        var f = new OutboxFixture().Stalled();
        f.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(f.Outbox.IsOverdue(TimeSpan.FromSeconds(10)));

        f.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(f.Outbox.IsOverdue(TimeSpan.FromSeconds(10)));

        f.Sink.Flow();
        Assert.False(f.Outbox.IsOverdue(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void CloseFrameThatIsNotAnsweredIsOverdueThoughItIsOut()
    {
        var f = new OutboxFixture();
        f.Outbox.Close(CloseReason.Shutdown);

        f.Time.Advance(TimeSpan.FromSeconds(11));

        Assert.True(f.Outbox.IsOverdue(TimeSpan.FromSeconds(10)));
    }
}
