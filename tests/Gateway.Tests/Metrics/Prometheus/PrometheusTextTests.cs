using System.Text;
using Gateway.Testing.Prometheus;
using Xunit;

namespace Gateway.Tests.Metrics.Prometheus;

/// <summary>The tests' own judge: it must refuse what is wrong, or everything that it lets pass says nothing.</summary>
public sealed class PrometheusTextTests
{
    private const string Head = "# HELP a A.\n# TYPE a gauge\n";
    private const string Histogram = "# HELP h H.\n# TYPE h histogram\n";

    [Theory]
    [InlineData(Head + "a 1")]
    [InlineData(Head)]
    [InlineData("a 1\n")]
    [InlineData("# TYPE a gauge\na 1\n")]
    [InlineData(Head + "a 1\n" + Head + "a{x=\"1\"} 1\n")]
    [InlineData(Head + "a 1\na 2\n")]
    [InlineData(Head + "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n")]
    [InlineData(Head + "b 1\n")]
    [InlineData(Head + "a 1,5\n")]
    [InlineData(Head + "a Infinity\n")]
    [InlineData(Head + "a 1 1700000000\n")]
    [InlineData(Head + "a{x=\"\"\"} 1\n")]
    [InlineData(Head + "a{x=\"\\t\"} 1\n")]
    [InlineData(Head + "a{x=\"1\",x=\"2\"} 1\n")]
    [InlineData(Head + "a{x.y=\"1\"} 1\n")]
    [InlineData(Head + "a{__name__=\"b\"} 1\n")]
    [InlineData(Head + "\na 1\n")]
    [InlineData("# HELP a A.\n# TYPE a counter\na 1\n")]
    [InlineData(Histogram + "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n")]
    [InlineData(Histogram + "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n")]
    [InlineData(Histogram + "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n")]
    [InlineData(Histogram + "h_bucket{le=\"+Inf\"} 1\nh_count 1\n")]
    public void MalformedPageIsRefused(string page) =>
        Assert.ThrowsAny<Exception>(() => PrometheusText.Parse(Encoding.UTF8.GetBytes(page)));

    [Fact]
    public void WellFormedPageIsRead()
    {
        var page = PrometheusText.Parse(Encoding.UTF8.GetBytes(
            Head + "a{x=\"1\"} 1.5\na -Inf\n" + Histogram + "h_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1E+20\nh_count 2\n"));

        Assert.Equal(1.5, page["a"].With(("x", "1")));
        Assert.Equal(1E+20, page["h"].Of("_sum").Single().Value);
    }
}
