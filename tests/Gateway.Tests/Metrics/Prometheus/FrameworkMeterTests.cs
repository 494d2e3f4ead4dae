using System.Net.WebSockets;
using System.Text;
using Gateway.Testing.Prometheus;
using Xunit;

namespace Gateway.Tests.Metrics.Prometheus;

/// <summary>
/// The meters of .NET and ASP.NET Core are called what AddMetricsPage takes them to be called, and their figures are printed well.
/// </summary>
public sealed class FrameworkMeterTests
{
    [Fact]
    public async Task RequestsConnectionsAndTheRuntimeAreMeasured()
    {
        await using var host = await MetricsHost.StartAsync([]);
        using var hello = await host.GetAsync(host.Clients, "/hello");
        using var socket = await ConnectAsync(host);

        var page = await ScrapeUntilAsync(host, page => Requests(page, "/hello") == 1);

        Assert.Equal("counter", page["dotnet_process_cpu_time_seconds_total"].Type);
        Assert.Equal("gauge", page["dotnet_process_memory_working_set_bytes"].Type);
        Assert.Equal("counter", page["dotnet_gc_collections_total"].Type);
        Assert.Equal("histogram", page["http_server_request_duration_seconds"].Type);
        Assert.Contains(page["kestrel_active_connections"].Samples, sample => sample.Value >= 1);
        Assert.Contains(page["kestrel_upgraded_connections"].Samples, sample => sample.Value == 1);
        Assert.Equal(1, page["signalr_server_active_connections"].With(("signalr_transport", "web_sockets")));

        socket.Abort();
        page = await ScrapeUntilAsync(host, page => page.Has("signalr_server_connection_duration_seconds"));
        Assert.Equal("histogram", page["signalr_server_connection_duration_seconds"].Type);
    }

    [Fact]
    public async Task ScrapesAndProbesAreNotMeasured()
    {
        await using var host = await MetricsHost.StartAsync([]);
        await host.ScrapeAsync();
        using var live = await host.GetAsync(host.Clients, "/health/live");
        using var hello = await host.GetAsync(host.Clients, "/hello");

        var page = await ScrapeUntilAsync(host, page => Requests(page, "/hello") == 1);

        Assert.Equal((0, 0), (Requests(page, "/metrics"), Requests(page, "/health/live")));
    }

    [Fact]
    public async Task HostsInOneProcessKeepTheirFiguresApart()
    {
        await using var one = await MetricsHost.StartAsync([]);
        await using (var two = await MetricsHost.StartAsync([]))
        {
            foreach (var host in new[] { one, two, two })
            {
                using var response = await host.GetAsync(host.Clients, "/hello");
            }
            await ScrapeUntilAsync(two, page => Requests(page, "/hello") == 2);
            await ScrapeUntilAsync(one, page => Requests(page, "/hello") == 1);
        }
        using var another = await one.GetAsync(one.Clients, "/hello");

        await ScrapeUntilAsync(one, page => Requests(page, "/hello") == 2);
    }

    /// <summary>The framework counts a request when its answer is out already.</summary>
    private static async Task<PrometheusPage> ScrapeUntilAsync(MetricsHost host, Func<PrometheusPage, bool> holds)
    {
        var deadline = DateTime.UtcNow.AddSeconds(10);
        while (true)
        {
            var page = await host.ScrapeAsync();
            if (holds(page)) return page;
            Assert.True(DateTime.UtcNow < deadline, "the figures did not come");
            await Task.Delay(10);
        }
    }

    private static double Requests(PrometheusPage page, string route) => !page.Has("http_server_request_duration_seconds") ? 0
        : page["http_server_request_duration_seconds"]
            .Of("_count")
            .Where(sample => sample.Labels.GetValueOrDefault("http_route") == route)
            .Sum(sample => sample.Value);

    /// <summary>A SignalR client's first words, without a client library: a WebSocket without negotiation, and the handshake.</summary>
    private static async Task<ClientWebSocket> ConnectAsync(MetricsHost host)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(new Uri(host.Clients, "/hub")) { Scheme = "ws" }.Uri, patience.Token);
        await socket.SendAsync(
            Encoding.UTF8.GetBytes("{\"protocol\":\"json\",\"version\":1}\u001e"),
            WebSocketMessageType.Text,
            endOfMessage: true,
            patience.Token);
        var answer = new byte[64];
        var received = await socket.ReceiveAsync(answer.AsMemory(), patience.Token);
        Assert.Equal("{}\u001e", Encoding.UTF8.GetString(answer, 0, received.Count));
        return socket;
    }
}
