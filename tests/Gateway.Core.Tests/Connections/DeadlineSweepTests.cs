using Gateway.Core.Connections;

namespace Gateway.Core.Tests.Connections;

public sealed class DeadlineSweepTests
{
    private static readonly Deadlines Usual = new(
        WriteWait: TimeSpan.FromSeconds(10), PingPeriod: TimeSpan.FromSeconds(54), PongWait: TimeSpan.FromSeconds(60));

    [Fact]
    public async Task SilentClientIsGoneTwoSecondsAfterPongWait()
    {
        using var core = new TestCore();
        var client = await core.ConnectAsync([]);
        using var sweep = new DeadlineSweep(core.Connections, Usual, core.Supervisor, core.Time);

        core.Time.Advance(TimeSpan.FromSeconds(60.5));
        await Within.Until(() => !client.Connection.Outbox.IsOpen, "it is told");
        Assert.Equal(0, client.Sink.Aborts); // it may still answer
        core.Time.Advance(TimeSpan.FromSeconds(1));
        await Within.Until(() => client.Sink.Aborts > 0, "it is given up");

        Assert.Equal(DisconnectReason.NoPong, client.Connection.End!.Reason);
    }

    [Fact]
    public async Task WriteThatTakesTooLongIsTheReason()
    {
        using var core = new TestCore();
        var client = await core.ConnectAsync([]);
        using var sweep = new DeadlineSweep(core.Connections, Usual, core.Supervisor, core.Time);
        client.Sink.Stall();
        client.Connection.Reply(OutboxFixture.Frame("stalled"));

        core.Time.Advance(TimeSpan.FromSeconds(10.5));
        await Within.Until(() => client.Sink.Aborts > 0, "it is aborted");

        Assert.Equal(DisconnectReason.WriteDeadline, client.Connection.End!.Reason);
    }
}
