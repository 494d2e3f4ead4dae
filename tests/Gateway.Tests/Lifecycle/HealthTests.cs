using System.Net;
using Gateway.Configuration;
using Gateway.Lifecycle;
using Gateway.Tests.Metrics;
using Xunit;

namespace Gateway.Tests.Lifecycle;

public sealed class HealthTests
{
    [Fact]
    public async Task NotReadyAnswers503WithEveryReasonOnBothPorts()
    {
        await using var host = await MetricsHost.StartAsync([]);
        host.Readiness.SetNotReady("redis", "Redis is unavailable");
        host.Readiness.SetNotReady("disk", "disk is full");

        foreach (var port in new[] { host.Clients, host.Operators })
        {
            using var ready = await host.GetAsync(port, "/health/ready");
            using var live = await host.GetAsync(port, "/health/live");
            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, "disk is full\nRedis is unavailable"),
                (ready.StatusCode, await ready.Content.ReadAsStringAsync()));
            Assert.Equal((HttpStatusCode.OK, "live"), (live.StatusCode, await live.Content.ReadAsStringAsync()));
            Assert.Equal("text/plain; charset=utf-8", ready.Content.Headers.ContentType?.ToString());
        }
    }

    [Fact]
    public async Task ReadyAgainWhenEveryPartIs()
    {
        await using var host = await MetricsHost.StartAsync([]);
        host.Readiness.SetNotReady("redis", "Redis is unavailable");
        host.Readiness.SetReady("redis");

        using var ready = await host.GetAsync(host.Clients, "/health/ready");

        Assert.Equal((HttpStatusCode.OK, "ready"), (ready.StatusCode, await ready.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task DrainingIsNotReadyButAlive()
    {
        await using var host = await MetricsHost.StartAsync([]);
        host.Readiness.SetDraining();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.GetAsync(host.Clients, "/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(host.Clients, "/health/live")).StatusCode);
    }

    [Fact]
    public async Task HealthCheckCommandExitsWithTheAnswer()
    {
        await using var host = await MetricsHost.StartAsync([]);
        var options = new ProgramOptions { Metrics = { Port = host.Operators.Port } };

        Assert.Equal(0, await HealthCheckCommand.RunAsync(HealthCheckCommand.UrlOf(options, "ready")));
        host.Readiness.SetNotReady("redis", "Redis is unavailable");
        Assert.Equal(1, await HealthCheckCommand.RunAsync(HealthCheckCommand.UrlOf(options, "ready")));
        Assert.Equal(0, await HealthCheckCommand.RunAsync(HealthCheckCommand.UrlOf(options, "live")));
    }

    [Fact]
    public async Task HealthCheckCommandFailsWhereNobodyAnswers() =>
        Assert.Equal(1, await HealthCheckCommand.RunAsync("http://127.0.0.1:1/health/live"));

    [Theory]
    [InlineData("0.0.0.0", "localhost", false, "http://localhost:9464/health/live")]
    [InlineData("0.0.0.0", "0.0.0.0", false, "http://localhost:9464/health/live")]
    [InlineData("localhost", null, false, "http://localhost:8080/health/live")]
    [InlineData("10.1.2.3", null, true, "https://10.1.2.3:8080/health/live")]
    [InlineData("10.1.2.3", "localhost", true, "http://localhost:9464/health/live")]
    [InlineData("10.1.2.3", "10.1.2.4", true, "https://10.1.2.4:9464/health/live")]
    [InlineData("0.0.0.0", "0.0.0.0", true, "https://localhost:9464/health/live")]
    [InlineData("::", "::1", true, "http://[::1]:9464/health/live")]
    public void HealthCheckCommandAsksWhereTheGatewayListens(string host, string? metrics, bool tls, string expected)
    {
        var options = new ProgramOptions
        {
            Server = { Host = host, Tls = { Enabled = tls } },
            Metrics = { Enabled = metrics != null, Host = metrics ?? "localhost" },
        };

        Assert.Equal(expected, HealthCheckCommand.UrlOf(options, "live"));
    }
}
