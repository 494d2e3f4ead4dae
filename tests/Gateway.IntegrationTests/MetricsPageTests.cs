using System.Diagnostics.Metrics;
using System.Net;
using Gateway.Testing;
using Gateway.Testing.Prometheus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests;

/// <summary>The page of a gateway that runs, as Prometheus reads it.</summary>
public sealed class MetricsPageTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task ConnectionsAndMessagesAreCountedByDialect()
    {
        await using var gateway = await GatewayProcess.StartAsync("--metrics_stream:enabled=false");
        await using var raw = await RawClient.ConnectAsync(gateway.Server);
        await using var gone = await RawClient.ConnectAsync(gateway.Server);
        await using var signalR = await SignalRClient.ConnectAsync(gateway.Server);
        await raw.ChatAsync("one");
        await signalR.ChatAsync("two");
        await signalR.ChatAsync("three");
        await gone.CloseAsync();
        await Deadline.Until(
            async () => (await gateway.ScrapeAsync())["websocket_connected_clients"].With(("dialect", "raw")) == 1,
            "the one that went is gone");

        var page = await gateway.ScrapeAsync();

        foreach (var (name, ofRaw, ofSignalR) in new[]
        {
            ("websocket_connected_clients", 1, 1), ("websocket_connections_total", 2, 1), ("websocket_messages_total", 1, 2),
        })
            Assert.Equal((name, ofRaw, ofSignalR), (name, page[name].With(("dialect", "raw")), page[name].With(("dialect", "signalr"))));
        foreach (var (dialect, ended) in new[] { ("raw", 1), ("signalr", 0) })
            Assert.Equal(ended, page["websocket_disconnections_total"].With(("dialect", dialect), ("reason", "normal")));
    }

    [Fact]
    public async Task PageInAnApplicationShowsTheGatewayAndTheApplicationsOwnMeter()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddMetrics();
        builder.Services.AddGateway().AddMetricsPage("Shop");
        await using var app = builder.Build();
        app.MapGateway();
        app.MapMetricsPage("/internal/metrics").RequireHost("metrics.example.com");
        await app.StartAsync();
        var server = new Uri(app.Urls.First());
        app.Services.GetRequiredService<IMeterFactory>().Create("Shop").CreateCounter<long>("shop.orders").Add(3);
        await using var client = await RawClient.ConnectAsync(server);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, "/internal/metrics"));
        request.Headers.Host = "metrics.example.com";

        using var response = await Http.SendAsync(request);
        using var elsewhere = await Http.GetAsync(new Uri(server, "/internal/metrics"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var page = PrometheusText.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(1, page["websocket_connected_clients"].With(("dialect", "raw")));
        Assert.Equal(3, page["shop_orders_total"].Value);
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }
}
