using FsCheck;
using FsCheck.Fluent;
using Gateway.Core.Limits;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Limits;

public sealed class SlidingWindowTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly FakeTime _time = new();
    private SlidingWindow _window;

    [Fact]
    public void AsManyAsTheLimitPassAndNoMore()
    {
        Assert.Equal(5, Burst(20));
        Assert.False(TryAdd(out var wait));
        Assert.Equal(Window, wait);
    }

    [Fact]
    public void RetryAfterIsExact()
    {
        for (var round = 0; round < 20; round++)
        {
            Burst(20);
            Assert.False(TryAdd(out var wait));

            _time.Advance(wait - TimeSpan.FromTicks(1));
            Assert.False(TryAdd(out _), $"round {round}: not before {wait}");
            _time.Advance(TimeSpan.FromTicks(1));

            Assert.True(TryAdd(out _), $"round {round}: it may come again after {wait}, it was told");
        }
    }

    /// <summary>Milliseconds of silence, and what the event after it costs.</summary>
    private static Arbitrary<(int Silence, int Cost)[]> Events { get; } = Arb.From(
        Gen.Frequency(
            (6, Gen.Constant(0)), (6, Gen.Choose(1, 400)), (2, Gen.Choose(1, 10_000)), (1, Gen.Constant(10_000)),
            (1, Gen.Choose(9_000, 25_000)))
            .SelectMany(silence => Gen.Frequency((5, Gen.Constant(1)), (1, Gen.Choose(1, 4))).Select(cost => (silence, cost)))
            .ArrayOf(150),
        events => events.Select((_, i) => ((int, int)[])[.. events[..i], .. events[(i + 1)..]]).Prepend(events[..(events.Length / 2)]));

    /// <summary>
    /// The definition: an event is accepted exactly if, with it, the window that ends now holds no more than the limit. So no window,
    /// wherever it lies, holds more, and nothing is refused that would fit. What is refused fits exactly after the time that it was told.
    /// </summary>
    [Theory]
    [InlineData(1), InlineData(5), InlineData(20), InlineData(WindowLog.MaxMoments)]
    public void AcceptsExactlyWhatTheWindowHasRoomFor(int limit) => Prop.ForAll(Events, events =>
    {
        var (time, window, accepted) = (new FakeTime(), default(SlidingWindow), new List<(long At, int Cost)>());
        foreach (var (silence, cost) in events)
        {
            time.Advance(TimeSpan.FromMilliseconds(silence));
            if (Random.Shared.Next(4) == 0) window.ReleaseIfIdle(time); // which forgets nothing that counts
            var price = Math.Min(cost, limit);
            var fits = SumSince(accepted, time.GetTimestamp() - Window.Ticks) + price <= limit;
            Assert.Equal(fits, window.TryAdd(limit, Window, time, out var retryAfter, price));
            if (fits) accepted.Add((time.GetTimestamp(), price));
            else
            {
                var then = time.GetTimestamp() + retryAfter.Ticks;
                Assert.True(SumSince(accepted, then - Window.Ticks) + price <= limit, "it fits when it was told");
                Assert.True(SumSince(accepted, then - 1 - Window.Ticks) + price > limit, "and not earlier");
            }
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void LargeLimitIsNeverExceededAndRoundsByA1024thOfTheWindow() => Prop.ForAll(Events, events =>
    {
        const int Limit = 100_000;
        var (time, window, accepted) = (new FakeTime(), default(SlidingWindow), new List<(long At, int Cost)>());
        foreach (var (silence, thousands) in events)
        {
            time.Advance(TimeSpan.FromMilliseconds(silence));
            var cost = thousands * 9_999;
            var (now, inWindow) = (time.GetTimestamp(), SumSince(accepted, time.GetTimestamp() - Window.Ticks));
            if (window.TryAdd(Limit, Window, time, out _, cost))
            {
                Assert.True(inWindow + cost <= Limit, $"{inWindow + cost} in one window");
                accepted.Add((now, cost));
            }
            else
            {
                Assert.True(
                    SumSince(accepted, now - Window.Ticks - (Window.Ticks / WindowLog.MaxMoments) - 1) + cost > Limit,
                    $"refused with {inWindow}");
            }
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void SecondBurstAfterMoreThanAWindowPassesWhole()
    {
        Assert.Equal(5, Burst(20));

        _time.Advance(1.05 * Window);

        Assert.Equal(5, Burst(20));
    }

    [Fact]
    public void WhatHasHappenedAlreadyIsCountedBeyondTheLimit()
    {
        _window.Add(5, Window, _time, 12);
        Assert.False(TryAdd(out var wait));
        Assert.Equal(Window, wait);

        _time.Advance(wait);

        Assert.Equal(5, Burst(20));
    }

    [Fact]
    public void ActiveWindowTakesBoundedMemoryAndAnIdleOneNone()
    {
        foreach (var (limit, most) in new[] { (100, 4_096), (100_000, 40_000) })
        {
            var window = default(SlidingWindow);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 50_000; i++)
            {
                window.TryAdd(limit, Window, _time, out _);
                _time.Advance(TimeSpan.FromTicks(Window.Ticks / limit));
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 2 * most); // the smaller rings on the way included

            Assert.False(window.ReleaseIfIdle(_time));
            _time.Advance(1.01 * Window);
            Assert.True(window.ReleaseIfIdle(_time));
        }
    }

    [Fact]
    public void NothingIsLostToThoseWhoFreeTheMemory()
    {
        var (window, passed) = (new Shared(), 0);
        Parallel.For(0, 64, i =>
        {
            for (var n = 0; n < 200; n++)
            {
                if (window.Value.TryAdd(1_000, Window, _time, out _)) Interlocked.Increment(ref passed);
                window.Value.ReleaseIfIdle(_time);
            }
        });
        Assert.Equal(1_000, passed);
    }

    [Fact]
    public async Task KeysThatAreSilentForAWindowTakeNoMemory()
    {
        using var windows = new SlidingWindows<string>(
            2, TimeSpan.FromMilliseconds(20), new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance), TimeProvider.System);
        for (var i = 0; i < 100; i++) Assert.True(windows.TryAdd($"user-{i}", out _));

        await Within.Until(() => windows.Count == 0, "all are forgotten");
    }

    [Fact]
    public void SteadySenderBelowTheLimitIsNeverRefused()
    {
        for (var i = 0; i < 200; i++)
        {
            Assert.True(TryAdd(out _));
            _time.Advance(TimeSpan.FromSeconds(2.5)); // 4 in a window
        }
    }

    [Theory]
    [InlineData(20), InlineData(35), InlineData(100_000)]
    public void SilenceForgetsEverything(int seconds)
    {
        Burst(20);

        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(5, Burst(20));
    }

    private int Burst(int tries)
    {
        var passed = 0;
        for (var i = 0; i < tries; i++)
            if (TryAdd(out _))
                passed++;
        return passed;
    }

    private static int SumSince(List<(long At, int Cost)> accepted, long since) => accepted.Where(a => a.At > since).Sum(a => a.Cost);

    private bool TryAdd(out TimeSpan retryAfter) => _window.TryAdd(5, Window, _time, out retryAfter);

    private sealed class Shared
    {
        public SlidingWindow Value;
    }
}
