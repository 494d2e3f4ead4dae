using System.Diagnostics.Metrics;
using System.Net;
using Gateway.OpenTelemetry;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Gateway.Tests.Metrics.Prometheus;

public sealed class ScrapeTests : IDisposable
{
    private readonly Meter _meter = new("Test." + Guid.NewGuid().ToString("N"));

    public void Dispose() => _meter.Dispose();

    [Fact]
    public async Task ConcurrentScrapesAreMadeOneAfterTheOther()
    {
        var (now, most) = (0, 0);
        await using var host = await MetricsHost.StartAsync([_meter.Name]);
        _meter.CreateObservableGauge("scraping", () =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            Thread.Yield();
            Interlocked.Decrement(ref now);
            return 1;
        });

        var pages = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.ScrapeAsync()));

        Assert.All(pages, page => Assert.Equal(1, page["scraping"].Value));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task HangingGaugeFailsItsScrapeInTimeAndLaterOnesRecover()
    {
        using var goOn = new ManualResetEventSlim();
        await using var host = await MetricsHost.StartAsync([_meter.Name], time: new HastyTime());
        _meter.CreateObservableGauge("hanging", () =>
        {
            goOn.Wait();
            return 1;
        });

        using (var first = await host.GetAsync(host.Operators, "/metrics"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, first.StatusCode);
        using (var second = await host.GetAsync(host.Operators, "/metrics"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        goOn.Set();

        Assert.Equal(1, (await host.ScrapeAsync())["hanging"].Value);
    }

    [Fact]
    public async Task ScraperThatGoesAwayLeavesTheNextOneItsTurn()
    {
        using var goOn = new ManualResetEventSlim();
        using var isAsked = new ManualResetEventSlim();
        await using var host = await MetricsHost.StartAsync([_meter.Name]);
        _meter.CreateObservableGauge("slow", () =>
        {
            isAsked.Set();
            goOn.Wait();
            return 1;
        });
        using (var impatient = new HttpClient())
        using (var cancel = new CancellationTokenSource())
        {
            var left = impatient.GetAsync(new Uri(host.Operators, "/metrics"), cancel.Token);
            Assert.True(isAsked.Wait(TimeSpan.FromSeconds(10)));
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        }
        goOn.Set();

        Assert.Equal(1, (await host.ScrapeAsync())["slow"].Value);
    }

    [Fact]
    public async Task GaugeThatFailsCostsOnlyItself()
    {
        await using var host = await MetricsHost.StartAsync([_meter.Name]);
        _meter.CreateObservableGauge("failing", int () => throw new InvalidOperationException("no figure"));
        _meter.CreateObservableGauge("healthy", () => 1);

        var page = await host.ScrapeAsync();

        Assert.False(page.Has("failing"));
        Assert.Equal(1, page["healthy"].Value);
    }

    [Fact]
    public async Task CollectingBeginsAndEndsWithTheHost()
    {
        var counter = _meter.CreateCounter<long>("listened");
        await using (await MetricsHost.StartAsync([_meter.Name])) Assert.True(counter.Enabled);
        Assert.False(counter.Enabled);
    }

    [Fact]
    public void MappingWithoutCollectingSaysWhatIsMissing()
    {
        var app = WebApplication.CreateSlimBuilder().Build();

        Assert.Contains(
            "AddMetricsPage", Assert.Throws<InvalidOperationException>(() => app.MapMetricsPage()).Message, StringComparison.Ordinal);
    }

    /// <summary>Timers run out twenty times as fast.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 20 : dueTime, period);
    }
}
