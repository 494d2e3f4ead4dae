using Gateway.AspNetCore.MetricsStream;
using Gateway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests;

public sealed class MetricsStreamTests
{
    [Fact]
    public async Task SourceIsNotAskedWhileNobodyIsThere()
    {
        var source = new Source();
        await using var gateway = await StartAsync(source);
        await using (var elsewhere = await RawClient.ConnectAsync(gateway.Server, "?rooms=lobby"))
            await elsewhere.RequestAsync("ping", null);
        Assert.Equal(0, source.Asked);

        await using var client = await RawClient.ConnectAsync(gateway.Server, "?rooms=metrics");

        await client.NextAsync("metrics");
        Assert.InRange(source.Asked, 1, int.MaxValue);
    }

    [Fact]
    public async Task SourceThatThrowsCostsItsTickOnly()
    {
        var source = new Source { Before = asked => asked % 2 == 1 ? throw new InvalidOperationException("a secret") : Task.CompletedTask };
        await using var gateway = await StartAsync(source);
        await using var client = await RawClient.ConnectAsync(gateway.Server, "?rooms=metrics");

        Assert.Equal("""{"asked_so_far":2}""", (await client.NextAsync("metrics")).Json.GetRawText());
        Assert.Equal("""{"asked_so_far":4}""", (await client.NextAsync("metrics")).Json.GetRawText());
    }

    [Fact]
    public async Task SlowSourceDelaysTicksAndNeverPilesThemUp()
    {
        var answers = new SemaphoreSlim(0);
        var source = new Source { Before = _ => answers.WaitAsync().Within("an answer") };
        await using var gateway = await StartAsync(source);
        await using var client = await RawClient.ConnectAsync(gateway.Server, "?rooms=metrics");
        await Deadline.Until(() => source.Asked == 1, "the source is asked");
        var missed = gateway.Get<TimeProvider>().GetTimestamp();
        await Deadline.Until(
            () => TimeProvider.System.GetElapsedTime(missed) > TimeSpan.FromMilliseconds(400), "several ticks were missed");

        Assert.Equal(1, source.Asked);
        answers.Release(3);

        for (var i = 1; i <= 3; i++) Assert.Equal(i, (await client.NextAsync("metrics")).Json.GetProperty("asked_so_far").GetInt32());
        Assert.Equal(1, source.MostAtOnce);
    }

    private static Task<EmbeddedGateway> StartAsync(IMetricsSource source) => EmbeddedGateway.StartAsync(
        o =>
            (o.MetricsStream.Enabled, o.MetricsStream.IntervalMs, o.Logging.Level) = (true, 50, Microsoft.Extensions.Logging.LogLevel.None),
        services => services.AddSingleton(source));

    private sealed class Source : IMetricsSource
    {
        private int _asked;
        private int _atOnce;

        public int Asked => Volatile.Read(ref _asked);
        public int MostAtOnce { get; private set; }
        public Func<int, Task> Before { get; init; } = _ => Task.CompletedTask;

        public async ValueTask<object> ReadAsync(CancellationToken cancel)
        {
            var asked = Interlocked.Increment(ref _asked);
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _atOnce));
            try
            {
                await Before(asked);
                return new { AskedSoFar = asked };
            }
            finally
            {
                Interlocked.Decrement(ref _atOnce);
            }
        }
    }
}
