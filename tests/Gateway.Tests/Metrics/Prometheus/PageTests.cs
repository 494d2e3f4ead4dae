using System.Diagnostics.Metrics;
using Xunit;

namespace Gateway.Tests.Metrics.Prometheus;

/// <summary>Real meters through the SDK and Kestrel to the page.</summary>
public sealed class PageTests : IDisposable
{
    private readonly Meter _meter = new("Test." + Guid.NewGuid().ToString("N"));
    private readonly Meter _other = new("Test." + Guid.NewGuid().ToString("N"), "2.0");

    public void Dispose()
    {
        _meter.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task CountersAndGaugesAppearUnderTheirNamesWithTheirLabels()
    {
        await using var host = await StartAsync();
        var messages = _meter.CreateCounter<long>("websocket_test_messages_total", description: "Messages.");
        messages.Add(2, new KeyValuePair<string, object?>("dialect", "raw"));
        messages.Add(3, new KeyValuePair<string, object?>("dialect", "signalr"));
        messages.Add(1, new KeyValuePair<string, object?>("dialect", "raw"));
        _meter.CreateObservableGauge("websocket_test_clients", () => 7);
        _meter.CreateUpDownCounter<int>("queue.length", "1").Add(-4);
        _meter.CreateCounter<double>("work.time", "s").Add(1.25);

        var page = await host.ScrapeAsync();

        Assert.Equal("counter", page["websocket_test_messages_total"].Type);
        Assert.Equal("Messages.", page["websocket_test_messages_total"].Help);
        Assert.Equal(3, page["websocket_test_messages_total"].With(("dialect", "raw")));
        Assert.Equal(3, page["websocket_test_messages_total"].With(("dialect", "signalr")));
        Assert.Equal(("gauge", 7), (page["websocket_test_clients"].Type, page["websocket_test_clients"].Value));
        Assert.Equal(("gauge", -4), (page["queue_length"].Type, page["queue_length"].Value));
        Assert.Equal(1.25, page["work_time_seconds_total"].Value);
    }

    [Fact]
    public async Task CounterGoesOnFromScrapeToScrape()
    {
        await using var host = await StartAsync();
        var counter = _meter.CreateCounter<long>("steps");
        counter.Add(1);

        Assert.Equal(1, (await host.ScrapeAsync())["steps_total"].Value);
        Assert.Equal(1, (await host.ScrapeAsync())["steps_total"].Value);
        counter.Add(1);
        Assert.Equal(2, (await host.ScrapeAsync())["steps_total"].Value);
    }

    [Fact]
    public async Task HistogramHasCumulativeBuckets()
    {
        await using var host = await StartAsync();
        var histogram = _meter.CreateHistogram(
            "latency", "s", "Latency.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.05, 0.1, 0.5, 7 })
            histogram.Record(value, new KeyValuePair<string, object?>("le", "a tag of this name"));

        var family = (await host.ScrapeAsync())["latency_seconds"];

        Assert.Equal([("0.1", 2.0), ("1", 3.0), ("+Inf", 4.0)], family.Of("_bucket").Select(bucket => (bucket.Labels["le"], bucket.Value)));
        Assert.Equal(7.65, family.Of("_sum").Single().Value, 1e-9);
        Assert.Equal("a tag of this name", family.Of("_count").Single().Labels["exported_le"]);
    }

    [Fact]
    public async Task HostileTagsCannotBreakThePage()
    {
        await using var host = await StartAsync();
        var counter = _meter.CreateCounter<long>("hostile", "{\n}\"", "Help \\ with\nall of \"it\".");
        string[] values = [
            "\"} 1\nfake_total 1", "\\", "\\n", "\n", "\r\n", "\0", "{a=\"b\"}", "ä€😀", "\ud800", " ", "#", new string('x', 5000)];
        foreach (var value in values) counter.Add(1, new KeyValuePair<string, object?>("v", value));
        counter.Add(
            1,
            new("a.b", 1),
            new("a_b", true),
            new("a-b", 1.5),
            new("__name__", "fake"),
            new("9", new[] { "x", "y" }),
            new("none", null),
            new("", "empty"));

        var page = await host.ScrapeAsync();

        Assert.False(page.Has("fake_total"));
        var family = page.Families.Single(f => f.Name.StartsWith("hostile", StringComparison.Ordinal));
        Assert.Equal("Help \\ with\nall of \"it\".", family.Help);
        Assert.Equal(
            values.Select(value => value.Replace('\ud800', '\ufffd')).Order(StringComparer.Ordinal),
            family.Samples
                .Where(sample => sample.Labels.ContainsKey("v"))
                .Select(sample => sample.Labels["v"])
                .Order(StringComparer.Ordinal));
        var odd = family.Samples.Single(sample => sample.Labels.ContainsKey("a_b")).Labels;
        Assert.Equal(
            ("1.5;1;true", "fake", "[x,y]", "empty", false), (odd["a_b"], odd["_name_"], odd["_9"], odd["_"], odd.ContainsKey("none")));
    }

    [Fact]
    public async Task SpecialNumbersAreWrittenInPrometheusWords()
    {
        await using var host = await StartAsync();
        (string, double)[] values =
            [("not", double.NaN), ("up", double.PositiveInfinity), ("down", double.NegativeInfinity), ("big", 1e25), ("half", 0.5)];
        foreach (var (name, value) in values)
            _meter.CreateObservableGauge("number." + name, () => value);

        var page = await host.ScrapeAsync();

        Assert.Equal(
            [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e25, 0.5],
            new[] { "not", "up", "down", "big", "half" }.Select(name => page["number_" + name].Value));
    }

    [Fact]
    public async Task SameNameFromTwoMetersIsOneFamily()
    {
        await using var host = await StartAsync();
        _meter.CreateCounter<long>("shared").Add(1);
        _meter.CreateCounter<long>("between").Add(1);
        _other.CreateCounter<long>("shared.total").Add(2);

        var page = await host.ScrapeAsync();

        Assert.Equal(1, page["shared_total"].With(("otel_scope_name", _meter.Name)));
        Assert.Equal(2, page["shared_total"].With(("otel_scope_name", _other.Name), ("otel_scope_version", "2.0")));
        Assert.Empty(page["between_total"].Samples.Single().Labels);
    }

    [Fact]
    public async Task MetersThatDifferInTheirTagsAreToldApart()
    {
        await using var host = await StartAsync();
        using var red = new Meter(_meter.Name, null, [new("hub", "red")]);
        using var blue = new Meter(_meter.Name, null, [new("hub", "blue")]);
        red.CreateCounter<long>("hub_messages").Add(1);
        blue.CreateCounter<long>("hub_messages").Add(2);

        var family = (await host.ScrapeAsync())["hub_messages_total"];

        Assert.Equal(1, family.With(("otel_scope_hub", "red")));
        Assert.Equal(2, family.With(("otel_scope_hub", "blue")));
    }

    [Fact]
    public async Task SameNameWithAnotherTypeIsLeftOut()
    {
        await using var host = await StartAsync();
        _meter.CreateCounter<long>("clash").Add(1);
        _other.CreateObservableGauge("clash_total", () => 2);
        _other.CreateHistogram<double>("clash.hist").Record(1);
        _other.CreateObservableGauge("clash_hist_count", () => 2);

        var page = await host.ScrapeAsync();

        Assert.Equal("counter", page["clash_total"].Type);
        Assert.Equal("histogram", page["clash_hist"].Type);
        Assert.False(page.Has("clash_hist_count"));
    }

    [Fact]
    public async Task InstrumentWithoutMeasurementsIsLeftOut()
    {
        await using var host = await StartAsync();
        _meter.CreateCounter<long>("never");
        _meter.CreateObservableGauge("nothing", () => Array.Empty<Measurement<int>>());

        var page = await host.ScrapeAsync();

        Assert.False(page.Has("never_total"));
        Assert.False(page.Has("nothing"));
    }

    private Task<MetricsHost> StartAsync() => MetricsHost.StartAsync([_meter.Name, _other.Name]);
}
