using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>The page of a gateway that runs, as Prometheus reads it.</summary>
public sealed class MetricsPageTests
{
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
        await Deadline.Until(async () => (await gateway.ScrapeAsync())["websocket_connected_clients"].With(("dialect", "raw")) == 1, "the one that went is gone");

        var page = await gateway.ScrapeAsync();

        foreach (var (name, ofRaw, ofSignalR) in new[]
        {
            ("websocket_connected_clients", 1, 1), ("websocket_connections_total", 2, 1), ("websocket_messages_total", 1, 2),
        })
            Assert.Equal((name, ofRaw, ofSignalR), (name, page[name].With(("dialect", "raw")), page[name].With(("dialect", "signalr"))));
        foreach (var (dialect, ended) in new[] { ("raw", 1), ("signalr", 0) })
            Assert.Equal(ended, page["websocket_disconnections_total"].With(("dialect", dialect), ("reason", "normal")));
    }
}
