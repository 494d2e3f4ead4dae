using Gateway.Core.Messages;
using Gateway.Core.Wire;
using static Gateway.Core.Tests.Connections.OutboxFixture;

namespace Gateway.Core.Tests.Connections;

public sealed class OutboxCorkTests
{
    [Fact]
    public void PostedFramesWaitForEveryCorkAndTheWelcomeGoesFirst()
    {
        var f = new OutboxFixture(corks: 2);
        f.Outbox.Post(Many(["a", "b"]));

        f.Outbox.Uncork();
        Assert.Empty(f.Written);
        f.Outbox.Uncork(One("welcome", policy: null, room: null));

        Assert.Equal(["welcome", "a", "b"], f.Written);
    }

    [Fact]
    public void WelcomeGoesFirstAlsoWhereItsCorkIsRemovedBeforeTheOther()
    {
        var f = new OutboxFixture(corks: 2);
        f.Outbox.Post(One("a"));

        f.Outbox.Uncork(One("welcome", policy: null, room: null));
        Assert.Empty(f.Written);
        f.Outbox.Uncork();

        Assert.Equal(["welcome", "a"], f.Written);
    }

    [Fact]
    public void WelcomeIsWrittenHoweverFullTheOutboxIs()
    {
        var f = new OutboxFixture(messages: 1, corks: 1);
        f.Outbox.Post(One("a"));

        f.Outbox.Uncork(One("welcome", policy: null, room: null));

        Assert.Equal(["welcome", "a"], f.Written);
    }

    [Fact]
    public async Task FramesOfTheFrameworkPassTheCorks()
    {
        var f = new OutboxFixture(corks: 1);
        f.Outbox.Post(One("a"));

        await f.Outbox.WriteAsync(Frame("handshake")).Bounded();
        Assert.Equal(["handshake"], f.Written);
        f.Outbox.Uncork();

        Assert.Equal(["handshake", "a"], f.Written);
    }

    [Fact]
    public async Task UncorkWhileTheHandshakeIsBeingWrittenLetsThePostedFramesOutAfterIt()
    {
        var f = new OutboxFixture(corks: 1);
        f.Sink.Stall();
        var handshake = f.Outbox.WriteAsync(Frame("handshake"));
        f.Outbox.Post(One("a"));

        f.Outbox.Uncork(One("welcome", policy: null, room: null));
        Assert.Empty(f.Written);
        f.Sink.Flow();
        await handshake.Bounded();

        Assert.Equal(["handshake", "welcome", "a"], f.Written);
    }

    [Fact]
    public void OutboxThatFillsWhileItIsCorkedIsClosedAtOnce()
    {
        var f = new OutboxFixture(messages: 1, corks: 1);
        f.Outbox.Post(One("a"));

        f.Outbox.Post(One("b"));

        Assert.Equal(["close 1008 slow consumer"], f.Written);
        Assert.Equal([(SlowConsumerPolicy.Disconnect, 2)], f.Owner.Drops);
        Assert.Equal(1, f.Sink.Completions);
    }

    [Fact]
    public void ClientWithoutAWelcomeGetsNothingButTheCloseFrame()
    {
        var f = new OutboxFixture(corks: 1);
        f.Outbox.Post(Many(["a", "b"]));

        f.Outbox.Close(CloseReason.Shutdown);
        f.Outbox.Uncork(One("welcome", policy: null, room: null));

        Assert.Equal(["close 1001 shutting down"], f.Written);
        Assert.Equal([(null, 2)], f.Owner.Drops);
    }

    [Fact]
    public async Task NothingThatWasCorkedFollowsTheFrameworksClose()
    {
        var f = new OutboxFixture(corks: 1);
        f.Outbox.Post(Many(["a", "b"]));

        await f.Outbox.WriteAsync(WebSocketFrame.WriteClose(1000, "")).Bounded();
        f.Outbox.Uncork();

        Assert.Equal(["close 1000"], f.Written);
        Assert.Equal([(null, 2)], f.Owner.Drops);
    }

    [Fact]
    public async Task CloseDuringTheHandshakeWaitsForItsFrame()
    {
        var f = new OutboxFixture(corks: 1);
        f.Sink.Stall();
        var handshake = f.Outbox.WriteAsync(Frame("handshake"));
        f.Outbox.Post(One("a"));

        f.Outbox.Close(CloseReason.Shutdown);
        f.Sink.Flow();
        await handshake.Bounded();

        Assert.Equal(["handshake", "close 1001 shutting down"], f.Written);
    }
}
