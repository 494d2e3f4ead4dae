using Gateway.Core.Messages;
using static Gateway.Core.Messages.SlowConsumerPolicy;
using static Gateway.Core.Tests.Connections.OutboxFixture;

namespace Gateway.Core.Tests.Connections;

public sealed class OutboxPolicyTests
{
    [Fact]
    public void IdleOutboxWritesAtOnceWhateverTheLimits()
    {
        var f = new OutboxFixture(messages: 1, bytes: 1);

        Assert.Equal(3, f.Outbox.Post(Many(["a", "b", "c"])));

        Assert.Equal(["a", "b", "c"], f.Written);
        Assert.Equal(0, f.Outbox.Depth);
    }

    [Fact]
    public void WhatWaitsGoesOutInOrderWhenTheClientReadsAgain()
    {
        var f = new OutboxFixture().Stalled();

        f.Outbox.Post(One("a"));
        f.Outbox.Post(Many(["b", "c"]));
        Assert.Equal(3, f.Outbox.Depth);
        Assert.Empty(f.Written);
        f.Sink.Flow();

        Assert.Equal(["stalled", "a", "b", "c"], f.Written);
        Assert.Equal(0, f.Outbox.Depth);
    }

    [Fact]
    public void DisconnectClosesAsSlowConsumerInsteadOfWhatWaits()
    {
        var f = new OutboxFixture(messages: 2).Stalled();
        f.Outbox.Post(Many(["a", "b"]));

        Assert.Equal(0, f.Outbox.Post(One("c")));
        f.Sink.Flow();

        Assert.Equal(["stalled", "close 1008 slow consumer"], f.Written);
        Assert.Equal([(Disconnect, 3)], f.Owner.Drops);
        Assert.Equal([CloseReason.SlowConsumer], f.Owner.Closes);
        Assert.False(f.Outbox.IsOpen);
        Assert.Equal(0, f.Outbox.Post(One("d")));
    }

    [Fact]
    public void ReplyThatDoesNotFitClosesAsSlowConsumer()
    {
        var f = new OutboxFixture(messages: 1).Stalled();
        f.Outbox.Post(One("a", DropOldest));

        f.Outbox.Post(One("reply", policy: null, room: null));
        f.Sink.Flow();

        Assert.Equal(["stalled", "close 1008 slow consumer"], f.Written);
    }

    [Fact]
    public void DropOldestKeepsTheNewestOfItsRoomAndSaysWhatIsMissing()
    {
        var f = new OutboxFixture(messages: 3).Stalled();
        f.Outbox.Post(Many(["1", "2", "3"], DropOldest, offset: 1));

        Assert.Equal(2, f.Outbox.Post(Many(["4", "5"], DropOldest, offset: 4)));
        f.Sink.Flow();

        Assert.Equal(["stalled", "gap r 2 1-2", "3", "4", "5"], f.Written);
        Assert.Equal([(DropOldest, 2)], f.Owner.Drops);
    }

    [Fact]
    public void DropOldestTakesNothingFromOtherRoomsOrPolicies()
    {
        var f = new OutboxFixture(messages: 3).Stalled();
        f.Outbox.Post(One("other", DropOldest, "s", 1));
        f.Outbox.Post(One("chat", Disconnect, "r", 1));
        f.Outbox.Post(One("old", DropOldest, "r", 2));

        Assert.Equal(1, f.Outbox.Post(Many(["3", "4"], DropOldest, "r", 3)));
        f.Sink.Flow();

        Assert.Equal(["stalled", "other", "chat", "gap r 2 2-3", "4"], f.Written);
    }

    [Fact]
    public void DropOldestReportsEachGapWhereFramesBetweenThemStayed()
    {
        var f = new OutboxFixture(messages: 3).Stalled();
        f.Outbox.Post(One("1", DropOldest, offset: 1));
        f.Outbox.Post(One("2", Disconnect, offset: 2));
        f.Outbox.Post(One("3", DropOldest, offset: 3));

        f.Outbox.Post(Many(["4", "5"], DropOldest, offset: 4));
        f.Sink.Flow();

        Assert.Equal(["stalled", "gap r 1 1-1", "2", "gap r 1 3-3", "4", "5"], f.Written);
    }

    [Fact]
    public void DropNewestLeavesOutWhatComesAndSaysSoInItsPlace()
    {
        var f = new OutboxFixture(messages: 3).Stalled();
        f.Outbox.Post(Many(["1", "2"], DropNewest, offset: 1));

        Assert.Equal(1, f.Outbox.Post(Many(["3", "4", "5"], DropNewest, offset: 3)));
        Assert.Equal(0, f.Outbox.Post(One("6", DropNewest, offset: 6)));
        f.Sink.Flow();
        f.Outbox.Post(One("7", DropNewest, offset: 7));

        Assert.Equal(["stalled", "1", "2", "3", "gap r 3 4-6", "7"], f.Written);
        Assert.Equal([(DropNewest, 2), (DropNewest, 1)], f.Owner.Drops);
    }

    [Fact]
    public void GapsOfDifferentRoomsAreReportedSeparately()
    {
        var f = new OutboxFixture(messages: 1).Stalled();
        f.Outbox.Post(One("1", DropNewest, "r", 1));

        f.Outbox.Post(One("2", DropNewest, "r", 2));
        f.Outbox.Post(One("9", DropNewest, "s", 9));
        f.Outbox.Post(One("3", DropNewest, "r", 3));
        f.Outbox.Post(One("all", DropNewest, null));
        f.Sink.Flow();

        Assert.Equal(["stalled", "1", "gap r 2 2-3", "gap s 1 9-9", "gap  1"], f.Written);
    }

    [Fact]
    public void GapInARoomWithoutOffsetsCountsOnly()
    {
        var f = new OutboxFixture(messages: 1).Stalled();
        f.Outbox.Post(One("a", DropOldest));

        f.Outbox.Post(Many(["b", "c"], DropOldest));
        f.Sink.Flow();

        Assert.Equal(["stalled", "gap r 2", "c"], f.Written);
    }

    [Fact]
    public void LatestKeepsOnlyTheNewestOfItsRoomFullOrNot()
    {
        var f = new OutboxFixture(messages: 4).Stalled();
        f.Outbox.Post(One("s", Latest, "s"));
        f.Outbox.Post(One("1", Latest));

        Assert.Equal(1, f.Outbox.Post(Many(["2", "3"], Latest)));
        Assert.Equal(1, f.Outbox.Post(One("4", Latest)));
        f.Sink.Flow();

        Assert.Equal(["stalled", "s", "4"], f.Written);
        Assert.Equal([(Latest, 2), (Latest, 1)], f.Owner.Drops);
    }

    [Fact]
    public void LatestIsLeftOutWhereOthersFillTheOutbox()
    {
        var f = new OutboxFixture(messages: 1).Stalled();
        f.Outbox.Post(One("a"));

        Assert.Equal(0, f.Outbox.Post(One("1", Latest)));
        f.Sink.Flow();

        Assert.Equal(["stalled", "a"], f.Written);
        Assert.Equal([(Latest, 1)], f.Owner.Drops);
    }

    [Theory]
    [InlineData(Disconnect, "stalled|close 1008 slow consumer")]
    [InlineData(DropOldest, "stalled|gap r 1 1-1|123456|new")]
    [InlineData(DropNewest, "stalled|123456|123456|gap r 1 3-3")]
    [InlineData(Latest, "stalled|new")]
    public void BytesAreBoundedAsMessagesAre(SlowConsumerPolicy policy, string written)
    {
        var f = new OutboxFixture(messages: 100, bytes: 20).Stalled();
        f.Outbox.Post(One("123456", policy, offset: 1)); // 8 bytes with its header
        f.Outbox.Post(One("123456", policy, offset: 2));

        f.Outbox.Post(One("new", policy, offset: 3));
        f.Sink.Flow();

        Assert.Equal(written.Split('|'), f.Written);
    }

    [Fact]
    public void FrameLargerThanTheBoundIsNotTakenWhenOthersWait()
    {
        var f = new OutboxFixture(bytes: 100).Stalled();

        Assert.Equal(0, f.Outbox.Post(One(new string('x', 200), DropNewest, offset: 1)));
        f.Sink.Flow();

        Assert.Equal(["stalled", "gap r 1 1-1"], f.Written);
    }

    [Fact]
    public void RoomIsThereAgainAsSoonAsTheClientReads()
    {
        var f = new OutboxFixture(messages: 1).Stalled();
        f.Outbox.Post(One("a"));
        f.Sink.Release(); // "a" is with the sink now

        f.Outbox.Post(One("b"));
        f.Sink.Flow();

        Assert.Equal(["stalled", "a", "b"], f.Written);
    }
}
