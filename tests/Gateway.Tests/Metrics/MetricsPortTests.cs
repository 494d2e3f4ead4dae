using System.Net;
using Gateway.Configuration;
using Gateway.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gateway.Tests.Metrics;

public sealed class MetricsPortTests
{
    [Theory]
    [InlineData("/metrics", false)]
    [InlineData("/metrics", true)]
    [InlineData("/health/live", false)]
    [InlineData("/health/ready", true)]
    public async Task OperatorsPagesAnswerOnTheMetricsPort(string path, bool routesFirst)
    {
        await using var host = await MetricsHost.StartAsync([], routesFirst);

        using var response = await host.GetAsync(host.Operators, path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/hello", false)]
    [InlineData("/hello", true)]
    [InlineData("/hub", false)]
    [InlineData("/hub/negotiate", true)]
    [InlineData("/", true)]
    [InlineData("/metrics/more", false)]
    public async Task NothingElseAnswersOnTheMetricsPort(string path, bool routesFirst)
    {
        await using var host = await MetricsHost.StartAsync([], routesFirst);
        using var http = new HttpClient();
        // Headers that claim the clients' port change nothing.
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Operators, path));
        request.Headers.Host = host.Clients.Authority;
        request.Headers.Add("X-Forwarded-Port", $"{host.Clients.Port}");

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MetricsAnswerNowhereElse(bool routesFirst)
    {
        await using var host = await MetricsHost.StartAsync([], routesFirst);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Clients, "/metrics"));
        request.Headers.Host = host.Operators.Authority;

        using var response = await http.SendAsync(request);

        Assert.DoesNotContain("# TYPE", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientsPortServesEverythingElse()
    {
        await using var host = await MetricsHost.StartAsync([]);

        Assert.Equal("hello", await (await host.GetAsync(host.Clients, "/hello")).Content.ReadAsStringAsync());
        Assert.Equal("ready", await (await host.GetAsync(host.Clients, "/health/ready")).Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("GET", HttpStatusCode.OK)]
    [InlineData("HEAD", HttpStatusCode.OK)]
    [InlineData("POST", HttpStatusCode.MethodNotAllowed)]
    public async Task MetricsAreOnlyRead(string method, HttpStatusCode expected)
    {
        await using var host = await MetricsHost.StartAsync([]);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(host.Operators, "/metrics"));

        using var response = await http.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task ApplicationWithoutMetricsNeedsNoneRegistered()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        app.UseMetricsPort(MetricsPort.Of(app.Services.GetRequiredService<IServer>(), new MetricsPageOptions { Enabled = false }));
    }
}
