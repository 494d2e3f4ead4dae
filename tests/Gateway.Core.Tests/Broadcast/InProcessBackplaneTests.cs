using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Broadcast;

public sealed class InProcessBackplaneTests : BackplaneSpec
{
    private static readonly Message Hello = new("chat", "1"u8.ToArray());

    [Fact]
    public async Task WhoPublishesWaitsForTheFanOut()
    {
        var ready = new TaskCompletionSource();
        var backplane = new InProcessBackplane();
        backplane.Start(new RecordingReceiver { Ready = ready.Task });
        await backplane.SubscribeAsync(Audience.Room("r")).Bounded();

        var published = backplane.PublishAsync(Audience.Room("r"), Hello, numbered: true).AsTask();
        Assert.False(published.IsCompleted);
        ready.SetResult();

        Assert.Equal(1, (await published.Bounded()).Position.Offset);
    }

    [Fact]
    public async Task SequenceThatHasEndedNeverComesBack()
    {
        var receiver = new RecordingReceiver();
        var backplane = new InProcessBackplane();
        backplane.Start(receiver);
        using var stop = new CancellationTokenSource();
        var publishers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await backplane.PublishAsync(Audience.Room("r"), Hello, numbered: true);
        })).ToArray();
        for (var i = 0; i < 1000; i++)
        {
            await backplane.SubscribeAsync(Audience.Room("r")).Bounded();
            if (i % 8 == 0) await Task.Yield();
            await backplane.UnsubscribeAsync(Audience.Room("r")).Bounded();
        }
        await stop.CancelAsync();
        await Task.WhenAll(publishers).Bounded();

        var seen = new HashSet<string>();
        var last = Position.None;
        foreach (var (_, _, position) in receiver.Arrived)
        {
            if (position.Epoch != last.Epoch) Assert.True(seen.Add(position.Epoch), "an epoch came back");
            Assert.Equal(position.Epoch == last.Epoch ? last.Offset + 1 : 1, position.Offset);
            last = position;
        }
    }

    protected override ValueTask<IBackplane> OpenAsync() => new(new InProcessBackplane());

    protected override ValueTask CloseAsync(IBackplane backplane) => default;
}
