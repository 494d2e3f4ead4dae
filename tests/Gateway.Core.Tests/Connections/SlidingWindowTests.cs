using Gateway.Core.Connections;

namespace Gateway.Core.Tests.Connections;

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
        Assert.InRange(wait, TimeSpan.FromTicks(1), 2 * Window);
    }

    [Fact]
    public void RetryAfterIsTrue()
    {
        for (var round = 0; round < 20; round++)
        {
            Burst(20);
            Assert.False(TryAdd(out var wait));

            _time.Advance(wait + TimeSpan.FromTicks(10));

            Assert.True(TryAdd(out _), $"round {round}: it may come again after {wait}, it was told");
        }
    }

    [Fact]
    public void NoWindowWhereverItLiesHoldsTwiceTheLimit()
    {
        var random = new Random(1);
        var passed = new List<long>();
        for (var i = 0; i < 5000; i++)
        {
            if (TryAdd(out _)) passed.Add(_time.GetTimestamp());
            _time.Advance(TimeSpan.FromMilliseconds(random.Next(20) == 0 ? random.Next(12_000) : random.Next(400)));
        }
        Assert.True(passed.Count > 500);
        Assert.All(passed, began => Assert.InRange(passed.Count(p => p >= began && p < began + Window.Ticks), 1, 2 * 5 - 1));
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

    [Fact]
    public void PreviousWindowWeighsAsMuchAsOfItStillCounts()
    {
        Assert.Equal(5, Burst(20));

        _time.Advance(1.5 * Window); // half of the previous window still counts: 2.5

        Assert.Equal(2, Burst(20));
    }

    private int Burst(int tries)
    {
        var passed = 0;
        for (var i = 0; i < tries; i++)
            if (TryAdd(out _))
                passed++;
        return passed;
    }

    private bool TryAdd(out TimeSpan retryAfter) => _window.TryAdd(5, Window, _time, out retryAfter);
}
