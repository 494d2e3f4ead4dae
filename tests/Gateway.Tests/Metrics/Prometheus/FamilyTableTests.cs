using Gateway.OpenTelemetry;
using Xunit;

namespace Gateway.Tests.Metrics.Prometheus;

public sealed class FamilyTableTests
{
    private readonly FamilyTable _table = new();

    [Fact]
    public void OneMeterNeedsNoLabelToSayWhoItIs()
    {
        Add("one", "a", FamilyType.Gauge, 1);

        Assert.Empty(Assert.Single(Assert.Single(_table.ToFamilies()).Series).Labels);
    }

    [Fact]
    public void SameNameOfSeveralMetersIsOneFamilyWithTheMetersAsLabels()
    {
        Add("one", "a", FamilyType.Gauge, 1);
        Add("one", "b", FamilyType.Gauge, 2);
        Add("two", "a", FamilyType.Gauge, 3);

        var families = _table.ToFamilies();

        Assert.Equal(["a", "b"], families.Select(family => family.Name));
        Assert.Equal(
            [new Label("otel_scope_name", "one"), new Label("otel_scope_name", "two")],
            families[0].Series.SelectMany(series => series.Labels));
        Assert.Empty(_table.Conflicts);
    }

    [Fact]
    public void SameNameOfAnotherTypeIsLeftOutAndNamed()
    {
        Add("one", "a_total", FamilyType.Counter, 1);
        Add("two", "a_total", FamilyType.Gauge, 2);

        Assert.Equal(FamilyType.Counter, Assert.Single(_table.ToFamilies()).Type);
        Assert.Equal(["a_total is a Counter and a Gauge"], _table.Conflicts);
    }

    [Theory]
    [InlineData("h")]
    [InlineData("h_bucket")]
    [InlineData("h_sum")]
    [InlineData("h_count")]
    public void NameThatIsAHistogramsSampleIsLeftOutAndNamed(string name)
    {
        Add("one", "h", FamilyType.Histogram, 1);
        Add("two", name, FamilyType.Gauge, 2);

        Assert.Equal("h", Assert.Single(_table.ToFamilies()).Name);
        Assert.Single(_table.Conflicts);
    }

    [Fact]
    public void HistogramWhoseSampleIsTakenIsLeftOutAndNamed()
    {
        Add("one", "h_count", FamilyType.Gauge, 1);
        Add("two", "h", FamilyType.Histogram, 2);

        Assert.Equal("h_count", Assert.Single(_table.ToFamilies()).Name);
        Assert.Single(_table.Conflicts);
    }

    [Fact]
    public void SecondSeriesWithTheSameLabelsIsLeftOutAndNamed()
    {
        Add("one", "a", FamilyType.Gauge, 1);
        Add("one", "a", FamilyType.Gauge, 2);

        Assert.Equal(1, Assert.IsType<NumberSeries>(Assert.Single(Assert.Single(_table.ToFamilies()).Series)).Value);
        Assert.Equal(["a has two series with the same labels"], _table.Conflicts);
    }

    private void Add(string meter, string name, FamilyType type, double value)
    {
        Series series = type is FamilyType.Histogram ? new HistogramSeries([], [], value, 1) : new NumberSeries([], value);
        _table.Add(new InstrumentReading([new Label("otel_scope_name", meter)], new MetricFamily(name, type, "Help.", [series])));
    }
}
