using System.Buffers;
using System.Globalization;
using System.Text;
using Gateway.OpenTelemetry;
using Gateway.Testing.Prometheus;
using Xunit;

namespace Gateway.Tests.Metrics.Prometheus;

public sealed class PrometheusWriterTests
{
    [Fact]
    public void PageLooksAsTheFormatSays()
    {
        var page = Write(
            new MetricFamily("websocket_messages_total", FamilyType.Counter, "Messages.",
                [new NumberSeries([new("dialect", "raw")], 3), new NumberSeries([new("dialect", "signalr")], 4)]),
            new MetricFamily("gateway_seconds", FamilyType.Histogram, "Back\\slash,\nline.",
                [new HistogramSeries([new("room", "a\"b\\c\nd")], [new(0.5, 1), new(1, 2)], 7.25, 4)]));

        Assert.Equal("""
            # HELP websocket_messages_total Messages.
            # TYPE websocket_messages_total counter
            websocket_messages_total{dialect="raw"} 3
            websocket_messages_total{dialect="signalr"} 4
            # HELP gateway_seconds Back\\slash,\nline.
            # TYPE gateway_seconds histogram
            gateway_seconds_bucket{room="a\"b\\c\nd",le="0.5"} 1
            gateway_seconds_bucket{room="a\"b\\c\nd",le="1"} 3
            gateway_seconds_bucket{room="a\"b\\c\nd",le="+Inf"} 4
            gateway_seconds_sum{room="a\"b\\c\nd"} 7.25
            gateway_seconds_count{room="a\"b\\c\nd"} 4

            """, page);
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(1.5, "1.5")]
    [InlineData(-0.001, "-0.001")]
    [InlineData(1234567890123, "1234567890123")]
    [InlineData(1e300, "1E+300")]
    [InlineData(double.Epsilon, "5E-324")]
    public void NumberIsWrittenTheSameInEveryCulture(double value, string expected)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("")
        {
            NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~", NaNSymbol = "nix" },
        };
        try
        {
            Assert.EndsWith($"\na {expected}\n", Write(Gauge("a", value)), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void FamilyWithoutSeriesIsLeftOut() => Assert.Equal("", Write(new MetricFamily("a", FamilyType.Gauge, "A.", [])));

    [Fact]
    public void AnyLabelValueComesThrough()
    {
        var random = new Random(1);
        const string Alphabet = "\"\\\n\r\t\0 {}=,#aä€😀";
        for (var i = 0; i < 500; i++)
        {
            var value = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            var family = new MetricFamily(
                "a",
                FamilyType.Gauge,
                "A" + value,
                [new NumberSeries([new("x", value)], i), new NumberSeries([new("x", value), new("y", "\"}")], i)]);

            var read = PrometheusText.Parse(Encoding.UTF8.GetBytes(Write(family)))["a"];

            var expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value)); // halves of surrogate pairs are not to be had in UTF-8
            Assert.Equal([expected, expected], read.Samples.Select(sample => sample.Labels["x"]));
            Assert.Equal("A" + expected, read.Help);
        }
    }

    private static MetricFamily Gauge(string name, double value) => new(name, FamilyType.Gauge, "Help.", [new NumberSeries([], value)]);

    private static string Write(params MetricFamily[] families)
    {
        var output = new ArrayBufferWriter<byte>();
        PrometheusWriter.Write(output, families);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
