using System.Text;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using static Gateway.Core.Tests.Connections.OutboxFixture;

namespace Gateway.Core.Tests.Connections;

public sealed class OutboxFrameworkTests
{
    [Fact]
    public async Task FrameworksFrameTakesItsTurnAndCompletesWhenItIsOut()
    {
        var f = new OutboxFixture().Stalled();
        f.Outbox.Post(One("a"));

        var pong = f.Outbox.WriteAsync(Frame("pong")).AsTask();
        f.Outbox.Post(One("b"));
        f.Sink.Release();
        Assert.False(pong.IsCompleted);
        f.Sink.Flow();
        await pong.Bounded();

        Assert.Equal(["stalled", "a", "pong", "b"], f.Written);
    }

    [Fact]
    public async Task FrameworksFramesAreNeverDroppedHoweverFullTheOutboxIs()
    {
        var f = new OutboxFixture(messages: 1).Stalled();
        f.Outbox.Post(One("a", SlowConsumerPolicy.DropOldest));

        var pong = f.Outbox.WriteAsync(Frame("pong")).AsTask();
        f.Outbox.Post(One("b", SlowConsumerPolicy.DropOldest));
        f.Sink.Flow();
        await pong.Bounded();

        Assert.Equal(["stalled", "gap r 1", "pong", "b"], f.Written);
    }

    [Fact]
    public async Task OneWriteFollowsTheOther()
    {
        var f = new OutboxFixture();
        for (var i = 0; i < 20; i++)
        {
            if (i % 3 == 0) f.Sink.Stall();
            var write = f.Outbox.WriteAsync(Frame("f" + i)).AsTask();
            f.Outbox.Post(One("p" + i));
            f.Sink.Flow();
            await write.Bounded();
        }
        Assert.Equal(Enumerable.Range(0, 20).SelectMany(i => new[] { "f" + i, "p" + i }), f.Written);
    }

    [Fact]
    public async Task NothingComesBetweenTheFragmentsOfAMessage()
    {
        var f = new OutboxFixture();

        await f.Outbox.WriteAsync(Fragment(0x01, "one ")).Bounded();
        f.Outbox.Post(One("broadcast"));
        await f.Outbox.WriteAsync(Fragment(0x00, "two ")).Bounded();
        await f.Outbox.WriteAsync(Fragment(0x8a, "pong")).Bounded();
        f.Sink.Stall();
        f.Outbox.Post(One("another"));
        var last = f.Outbox.WriteAsync(Fragment(0x80, "three")).AsTask();
        f.Outbox.Post(One("after"));
        f.Sink.Flow();
        await last.Bounded();

        Assert.Equal(["broadcast", "8a pong", "another", "01 one ", "00 two ", "80 three", "after"], f.Written);
    }

    [Fact]
    public async Task FragmentsMayBeWrittenFromOneBufferUsedAgain()
    {
        var f = new OutboxFixture();
        var buffer = Fragment(0x01, "one");
        await f.Outbox.WriteAsync(buffer).Bounded();
        Fragment(0x80, "two").CopyTo(buffer, 0);
        await f.Outbox.WriteAsync(buffer).Bounded();
        await f.Outbox.WriteAsync(Frame("whole")).Bounded();

        Assert.Equal(["01 one", "80 two", "whole"], f.Written);
    }

    [Fact]
    public async Task CloseFrameDoesNotCutAMessageInTwo()
    {
        var f = new OutboxFixture(format: FrameFormat.SignalRWebSocket);

        await f.Outbox.WriteAsync(Fragment(0x01, "one ")).Bounded();
        f.Outbox.Close(CloseReason.Shutdown);
        await f.Outbox.WriteAsync(Fragment(0x80, "two")).Bounded();

        Assert.Equal(["{\"type\":7,\"allowReconnect\":true}\u001e", "close 1001 shutting down"], f.Written);
    }

    [Fact]
    public async Task LargeFrameworkFrameGoesOutInOnePiece()
    {
        var f = new OutboxFixture().Stalled();
        var large = new string('x', 100_000);

        f.Outbox.Post(One("a"));
        var write = f.Outbox.WriteAsync(Frame(large)).AsTask();
        f.Sink.Flow();
        await write.Bounded();

        Assert.Equal(["stalled", "a", large], f.Written);
    }

    [Fact]
    public async Task NothingFollowsTheFrameworksClose()
    {
        var f = new OutboxFixture().Stalled();
        f.Outbox.Post(One("a"));

        var close = f.Outbox.WriteAsync(WebSocketFrame.WriteClose(1000, "bye")).AsTask();
        Assert.Equal(0, f.Outbox.Post(One("b")));
        f.Outbox.Close(CloseReason.Shutdown);
        f.Sink.Flow();
        await close.Bounded();
        await f.Outbox.WriteAsync(Frame("late")).Bounded();

        Assert.Equal(["stalled", "a", "close 1000 bye"], f.Written);
        Assert.Empty(f.Owner.Closes);
        Assert.Equal(1, f.Sink.Completions);
    }

    private static byte[] Fragment(byte finAndOpcode, string text) => [finAndOpcode, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];
}
