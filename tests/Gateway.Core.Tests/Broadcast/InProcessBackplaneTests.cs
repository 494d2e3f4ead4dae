using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Broadcast;

public sealed class InProcessBackplaneTests : BackplaneSpec
{
    private static readonly InProcessBackplaneLimits Memory = new(TimeSpan.FromMinutes(5), 1_000_000);
    private static readonly Supervisor Supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance);
    private static readonly Message Hello = new("chat", "1"u8.ToArray());

    [Fact]
    public async Task WhoPublishesWaitsForTheFanOut()
    {
        var ready = new TaskCompletionSource();
        var backplane = new InProcessBackplane(Memory, Supervisor, TimeProvider.System);
        backplane.Start(new RecordingReceiver { Ready = ready.Task });
        await backplane.SubscribeAsync(Audience.Room("r")).Bounded();

        var published = backplane.PublishAsync(Audience.Room("r"), Hello, Retention.None).AsTask();
        Assert.False(published.IsCompleted);
        ready.SetResult();

        Assert.Equal(1, (await published.Bounded()).Position.Offset);
    }

    /// <summary>One message is with the fan-out, another waits behind it; meanwhile the room is left and entered again.</summary>
    [Fact]
    public async Task SequenceThatHasEndedNeverComesBack()
    {
        var receiver = new RecordingReceiver();
        using var endpoint = new ManualResetEventSlim();
        var backplane = new InProcessBackplane(Memory, Supervisor, TimeProvider.System);
        backplane.Start(receiver);
        await backplane.SubscribeAsync(Audience.Room("r")).Bounded();
        receiver.Gate = endpoint;
        var first = Run(() => backplane.PublishAsync(Audience.Room("r"), Hello, Retention.None));
        await Within.Until(() => receiver.Arrived.Count == 1, "the first is with the fan-out");
        receiver.Gate = null;
        var second = Run(() => backplane.PublishAsync(Audience.Room("r"), Hello, Retention.None));
        await Within.Until(() => second.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "the second waits behind it");
        var again = Run(() =>
        {
            backplane.UnsubscribeAsync(Audience.Room("r"));
            backplane.SubscribeAsync(Audience.Room("r"));
            backplane.PublishAsync(Audience.Room("r"), Hello, Retention.None);
        });
        await Within.Until(() => !again.IsAlive
            || again.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "the room is left, or that waits too");
        endpoint.Set();
        await Within.Until(() => !first.IsAlive && !second.IsAlive && !again.IsAlive, "all have ended");

        var epochs = receiver.Arrived.Select(a => a.Position.Epoch).ToList();
        Assert.Equal(2, epochs.Distinct().Count());
        Assert.Equal(epochs.LastIndexOf(epochs[0]) + 1, epochs.IndexOf(epochs[^1]));
    }

    [Fact]
    public async Task HistoriesStayBoundedWhileRoomsComeAndGoAndNoPublishFails()
    {
        const long Bound = 200_000;
        using var backplane = new InProcessBackplane(Memory with { MaxHistoryBytes = Bound }, Supervisor, TimeProvider.System);
        backplane.Start(new RecordingReceiver());
        var big = new Message("chat", new byte[1000]);
        var kept = new Retention(50, TimeSpan.FromHours(1));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 4000; i++)
            {
                var room = Audience.Room($"{worker}-{i % 300}");
                if (i % 3 == 0) await backplane.SubscribeAsync(room, kept);
                await backplane.PublishAsync(room, big, kept);
                if (i % 3 == 1) await backplane.UnsubscribeAsync(Audience.Room($"{worker}-{(i - 1) % 300}"));
            }
        }))).Bounded();
        await backplane.PublishAsync(Audience.Room("last"), big, kept).Bounded();

        Assert.InRange(backplane.HistoryBytes, 0, Bound + 2000);
    }

    private static Thread Run(Action action)
    {
        var thread = new Thread(() => action()) { IsBackground = true };
        thread.Start();
        return thread;
    }

    protected override ValueTask<IBackplane> OpenAsync() => new(new InProcessBackplane(Memory, Supervisor, TimeProvider.System));

    protected override ValueTask CloseAsync(IBackplane backplane) => default;
}
