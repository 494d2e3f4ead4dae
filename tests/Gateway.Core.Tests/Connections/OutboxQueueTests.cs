using FsCheck;
using FsCheck.Fluent;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using static Gateway.Core.Tests.Connections.OutboxFixture;

namespace Gateway.Core.Tests.Connections;

public sealed class OutboxQueueTests
{
    private static readonly OutboxLimits Limits = new(6, 400);

    [Fact]
    public void BoundsHoldAndTheCountsAreRightWhateverIsAddedAndTaken() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ArrayOf(60).ToArbitrary(), seeds =>
        {
            var queue = new OutboxQueue(Limits);
            var offered = 0;
            var lost = 0;
            var taken = 0;
            foreach (var seed in seeds)
            {
                var random = new Random(seed);
                if (random.Next(4) == 0)
                {
                    taken += TakeOne(queue);
                }
                else
                {
                    var texts = Enumerable.Range(0, random.Next(1, 5)).Select(_ => new string('x', random.Next(130))).ToArray();
                    var batch = Many(texts, (SlowConsumerPolicy)random.Next(4), "r" + random.Next(3));
                    if (queue.Add(batch, out var dropped) < 0) continue;
                    offered += texts.Length;
                    lost += dropped;
                }
                Assert.InRange(queue.Messages, 0, Limits.Messages);
                Assert.InRange(queue.Bytes, 0, Limits.Bytes);
                Assert.Equal(offered, lost + taken + queue.Messages);
            }
            while (!queue.IsEmpty) taken += TakeOne(queue);
            Assert.Equal((0, 0L, offered), (queue.Messages, queue.Bytes, lost + taken));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void GapsDoNotPileUpWhileNothingIsRead()
    {
        var queue = new OutboxQueue(Limits);
        for (var i = 0; i < 10_000; i++)
            queue.Add(
                One("x", i % 2 == 0 ? SlowConsumerPolicy.DropOldest : SlowConsumerPolicy.DropNewest, "r" + (i % 5), i + 1), out _);

        Assert.InRange(queue.Items, 1, (2 * Limits.Messages) + 5);
    }

    private static int TakeOne(OutboxQueue queue)
    {
        if (queue.IsEmpty) return 0;
        var frames = queue.Peek().Content is FrameBatch ? 1 : 0;
        queue.Take(frames);
        return frames;
    }
}
