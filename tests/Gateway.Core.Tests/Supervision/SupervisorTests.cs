using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Tests.Supervision;

public sealed class SupervisorTests : IDisposable
{
    private readonly GatewayMeter _meter = new();
    private readonly Lines _lines = new();
    private readonly Supervisor _supervisor;

    public SupervisorTests() => _supervisor = new Supervisor(TimeProvider.System, _lines, _meter.LoopFaults);

    public void Dispose() => _meter.Dispose();

    [Fact]
    public async Task LoopGoesOnAfterEveryFaultUntilItEnds()
    {
        var steps = 0;

        await _supervisor.Loop("a")
            .RunAsync(_ => ++steps < 4 ? throw new InvalidOperationException("injected") : Task.FromResult(steps < 6), default).Bounded();

        Assert.Equal(6, steps);
    }

    [Fact]
    public async Task CancellationEndsALoopThatFaultsAllTheTime()
    {
        using var stop = new CancellationTokenSource();
        var steps = 0;
        var running = _supervisor.Loop("a").RunAsync(_ => { steps++; throw new InvalidOperationException("injected"); }, stop.Token);
        await Within.Until(() => steps >= 2, "it goes on");

        await stop.CancelAsync();

        await running.Bounded();
    }

    [Fact]
    public async Task TimerAndBackgroundWorkSurviveFaults()
    {
        var ticks = 0;
        using var timer = _supervisor.Loop("t")
            .Every(TimeSpan.FromMilliseconds(5), () => { if (++ticks < 3) throw new InvalidOperationException("injected"); });
        _supervisor.Loop("w").Start(() => throw new InvalidOperationException("at once"));
        _supervisor.Loop("w").Start(async () => { await Task.Yield(); throw new InvalidOperationException("later"); });

        await Within.Until(() => ticks >= 4, "the timer goes on");
    }

    [Fact]
    public async Task EveryFaultIsCountedByLoopAndLoggedOnceASecondUnderOneEvent()
    {
        var counted = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished =
            (instrument, l) => { if (ReferenceEquals(instrument, _meter.LoopFaults)) l.EnableMeasurementEvents(instrument); };
        listener.SetMeasurementEventCallback<long>(
            (_, value, tags, _) => counted.AddOrUpdate((string)tags[0].Value!, value, (_, sum) => sum + value));
        listener.Start();
        _supervisor.Loop("quiet");
        for (var i = 0; i < 100; i++) _supervisor.Loop("noisy").Try(() => throw new InvalidOperationException("injected"));

        await Within.Until(() => counted.GetValueOrDefault("noisy") == 100, "all are counted");
        Assert.Equal(0, counted["quiet"]);
        Assert.InRange(_lines.All.Count, 1, 2);
        Assert.All(_lines.All, line => Assert.Equal((1, "LoopFault"), (line.Id, line.Name)));
    }

    [Fact]
    public void PausesGrowAndAreBounded()
    {
        var backoff = new Backoff();
        var pauses = Enumerable.Range(0, 40).Select(_ => backoff.Next()).ToList();

        Assert.Equal(TimeSpan.FromMilliseconds(50), pauses[0]);
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(TimeSpan.FromSeconds(5), pauses[^1]);
        backoff.Reset();
        Assert.Equal(pauses[0], backoff.Next());
    }

    [Fact]
    public async Task FanOutGoesOnAfterAFaultAndLosesNothingThatWaited()
    {
        using var core = new TestCore();
        var ada = await core.ConnectAsync(["r"]);
        var faults = 3;
        core.Supervisor.FailPoint =
            loop => { if (loop == "fan_out" && Interlocked.Decrement(ref faults) >= 0) throw new InvalidOperationException("injected"); };

        for (var i = 0; i < 20; i++)
            await core.Publisher.PublishAsync(Audience.Room("r"), new Message("chat", "{}"u8.ToArray()) { CarriesOffset = true }).Bounded();

        await ada.HasAsync("chat", 20);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), ada.OffsetsOf("chat"));
    }

    private sealed class Lines : ILogger<Supervisor>
    {
        private readonly ConcurrentQueue<EventId> _all = [];

        public IReadOnlyCollection<EventId> All => _all;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _all.Enqueue(eventId);
    }
}
