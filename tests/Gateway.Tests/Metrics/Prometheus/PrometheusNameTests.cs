using Gateway.OpenTelemetry;
using Xunit;

namespace Gateway.Tests.Metrics.Prometheus;

public sealed class PrometheusNameTests
{
    [Theory]
    [InlineData("websocket_messages_total", null)]
    [InlineData("websocket_messages_total", "{message}")]
    [InlineData("gateway_sent_bytes_total", "By")]
    public void CounterInPrometheusFormKeepsItsName(string name, string? unit) =>
        Assert.Equal(name, PrometheusName.Metric(name, unit, FamilyType.Counter));

    [Theory]
    [InlineData("websocket_connected_clients", null)]
    [InlineData("websocket_connected_clients", "{client}")]
    [InlineData("gateway_memory_bytes", "By")]
    [InlineData("gateway__odd_but_valid_", null)]
    public void GaugeInPrometheusFormKeepsItsName(string name, string? unit) =>
        Assert.Equal(name, PrometheusName.Metric(name, unit, FamilyType.Gauge));

    [Fact]
    public void HistogramInPrometheusFormKeepsItsName() =>
        Assert.Equal(
            "gateway_publish_to_socket_seconds", PrometheusName.Metric("gateway_publish_to_socket_seconds", "s", FamilyType.Histogram));

    [Theory]
    [InlineData("dotnet.gc.pause.time", "s", "dotnet_gc_pause_time_seconds_total")]
    [InlineData("dotnet.gc.heap.total_allocated", "By", "dotnet_gc_heap_total_allocated_bytes_total")]
    [InlineData("dotnet.gc.collections", "{collection}", "dotnet_gc_collections_total")]
    [InlineData("requests.total", "By", "requests_bytes_total")]
    public void CounterEndsInTotalAfterItsUnit(string name, string? unit, string expected) =>
        Assert.Equal(expected, PrometheusName.Metric(name, unit, FamilyType.Counter));

    [Theory]
    [InlineData("http.server.request-size", "By", "http_server_request_size_bytes")]
    [InlineData("a/b.-.c", "ms", "a_b_c_milliseconds")]
    [InlineData("seconds_before", "s", "seconds_before_seconds")]
    [InlineData("load", "1", "load_ratio")]
    [InlineData("throughput", "By/s", "throughput_bytes_per_second")]
    [InlineData("rate", "{message}/s", "rate_per_second")]
    [InlineData("hits", "hits", "hits")]
    [InlineData("cache", "hits", "cache_hits")]
    [InlineData("odd", "{un}close{d", "odd_close")]
    [InlineData("odd", "ä ö", "odd")]
    [InlineData("1st", null, "_1st")]
    public void NameIsMadeValidAndGetsItsUnit(string name, string? unit, string expected) =>
        Assert.Equal(expected, PrometheusName.Metric(name, unit, FamilyType.Gauge));

    [Theory]
    [InlineData("http.request.method", "http_request_method")]
    [InlineData("dialect", "dialect")]
    [InlineData("__name__", "_name_")]
    [InlineData("2nd", "_2nd")]
    [InlineData("äöü", "_")]
    [InlineData("", "_")]
    public void LabelNameIsMadeValid(string key, string expected) => Assert.Equal(expected, PrometheusName.Label(key));
}
