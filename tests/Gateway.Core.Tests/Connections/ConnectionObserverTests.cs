using System.Collections.Concurrent;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Connections;

/// <summary>What the application's observers are told, and that none of them disturbs anyone.</summary>
public sealed class ConnectionObserverTests
{
    [Theory]
    [InlineData(FrameFormat.RawWebSocket)]
    [InlineData(FrameFormat.SignalRWebSocket)]
    [InlineData(FrameFormat.Frames)]
    internal async Task ObserverIsToldOnceOfBeginningAndEnd(FrameFormat format)
    {
        var observer = new Recorder();
        using var core = new TestCore(observers: [observer]);
        var ada = await core.ConnectAsync(["lobby", "r"], "ada", format);
        await Within.Until(() => observer.Calls.Count == 1, "the connect");

        ada.Connection.Close(CloseReason.Kicked);
        await core.Lifecycle.OnDisconnectedAsync(ada.Connection);
        await core.Lifecycle.OnDisconnectedAsync(ada.Connection);
        await core.Observers.StopAsync(default).Bounded();

        Assert.Equal(["connected c1 ada lobby,r", "disconnected c1 ada  Kicked"], observer.Calls);
    }

    [Fact]
    public async Task ConnectionThatWasNotLetInIsNotObserved()
    {
        var observer = new Recorder();
        using var core = new TestCore(observers: [observer]);
        await core.ConnectAsync(["lobby"]);
        var twin = core.Client(id: "c1");

        Assert.Equal(409, (await core.Lifecycle.OnConnectedAsync(twin.Connection, ["lobby"]))?.Code);
        await core.Lifecycle.OnDisconnectedAsync(twin.Connection);
        var refused = core.Client();
        Assert.Equal(400, (await core.Lifecycle.OnConnectedAsync(refused.Connection, ["no room"]))?.Code);
        await core.Lifecycle.OnDisconnectedAsync(refused.Connection);
        await core.Observers.StopAsync(default).Bounded();

        Assert.Equal(["connected c1 user1 lobby"], observer.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ObserverThatFailsIsLoggedAndDisturbsNobody(bool late)
    {
        var observer = new Recorder();
        using var core = new TestCore(observers: [new Recorder { Before = () => Fail(late) }, observer]);
        var ada = await core.ConnectAsync(["lobby"]);
        await ada.DoAsync("chat", """{"content":"a"}""");
        await core.Lifecycle.OnDisconnectedAsync(ada.Connection);
        await core.Observers.StopAsync(default).Bounded();

        Assert.Equal(2, observer.Calls.Count);
        var (_, text, fault) = core.SupervisorLog.Entries.First();
        Assert.Equal("a fault", fault?.Message);
        Assert.StartsWith("Loop connection_observers", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ObserverThatHangsDelaysNobodyAndIsGivenUp(bool blocks)
    {
        using var never = new ManualResetEventSlim();
        var first = true;
        var hanging = new Recorder { Before = () => !first ? Task.CompletedTask : Hang() };
        var observer = new Recorder();
        using var core = new TestCore(observers: [hanging, observer], observerLimit: TimeSpan.FromSeconds(3));
        var ada = await core.ConnectAsync(["lobby"]);
        await core.Lifecycle.OnDisconnectedAsync(ada.Connection).AsTask().Bounded();
        await Within.Until(() => observer.Calls.Count == 2, "the other observer");
        Assert.Empty(hanging.Calls);

        await core.Observers.StopAsync(default).Bounded();

        Assert.Equal("disconnected c1 user1  Aborted", Assert.Single(hanging.Calls));
        Assert.Contains(core.SupervisorLog.Entries, entry => entry.Fault is TimeoutException);
        never.Set();

        Task Hang()
        {
            first = false;
            if (blocks) never.Wait();
            return blocks ? Task.FromException(new OperationCanceledException()) : new TaskCompletionSource().Task;
        }
    }

    private static async Task Fail(bool late)
    {
        if (late) await Task.Yield();
        throw new InvalidOperationException("a fault");
    }

    private sealed class Recorder : IConnectionObserver
    {
        public Func<Task> Before { get; init; } = () => Task.CompletedTask;

        public ConcurrentQueue<string> Calls { get; } = [];

        public async ValueTask OnConnectedAsync(ClientConnection connection, CancellationToken cancel)
        {
            await Before();
            Calls.Enqueue($"connected {connection.Id} {connection.User.Id} {string.Join(',', connection.GetRooms())}");
        }

        public async ValueTask OnDisconnectedAsync(ClientConnection connection, ConnectionEnd end, CancellationToken cancel)
        {
            await Before();
            Calls.Enqueue($"disconnected {connection.Id} {connection.User.Id} {string.Join(',', connection.GetRooms())} {end.Reason}");
        }
    }
}
