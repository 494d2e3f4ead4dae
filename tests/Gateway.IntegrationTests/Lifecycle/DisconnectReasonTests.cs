using System.Net.WebSockets;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Lifecycle;

/// <summary>Why clients went can be read off the metrics and the log.</summary>
public sealed class DisconnectReasonTests
{
    private const string Handshake = "{\"protocol\":\"json\",\"version\":1}\u001e";

    [Theory]
    [InlineData("/ws", "raw")]
    [InlineData("/hub", "signalr")]
    [InlineData("/echo", "frames")]
    public async Task CloseCodesOfClientsAreCounted(string path, string dialect)
    {
        await using var gateway = await StartAsync();
        (int Code, string Reason)[] codes = [(1000, "normal"), (1001, "going_away"), (1003, "protocol_error"), (4000, "application_code")];
        foreach (var (code, reason) in codes)
        {
            using (var client = await OpenAsync(gateway, path, dialect))
            {
                await client.SendAsync(
                    HandMadeSocket.Close, new[] { (byte)(code >> 8), (byte)code, (byte)'w', (byte)'h', (byte)'y', (byte)'\n' });
                await CountedAsync(gateway, dialect, reason);
            }
        }
        (await OpenAsync(gateway, path, dialect)).Dispose();
        await CountedAsync(gateway, dialect, "aborted");

        await Deadline.Until(
            () => gateway.Output.Contains("protocol_error, close code 1003 \"why?\"", StringComparison.Ordinal),
            "the log tells of the unexpected one");
        Assert.DoesNotContain("close code 1001", gateway.Output);
    }

    [Theory]
    [InlineData("/ws", "raw")]
    [InlineData("/hub", "signalr")]
    public async Task BreachOfTheProtocolIsCounted(string path, string dialect)
    {
        await using var gateway = await StartAsync();
        using var client = await OpenAsync(gateway, path, dialect);

        await client.SendAsync(HandMadeSocket.Text, "{}"u8.ToArray(), reserved: 7);

        await CountedAsync(gateway, dialect, "protocol_error");
    }

    [Fact]
    public async Task LongPollingClientThatEndsItsConnectionIsNormal()
    {
        await using var gateway = await StartAsync();
        using var client = await AnyReplica.Fallback.BeginAsync(gateway.Server, gateway.Server, "?rooms=");

        await client.NextAsync(gateway.Server, 1); // the welcome: it is in
        await client.EndAsync(gateway.Server);

        await CountedAsync(gateway, "signalr", "normal");
    }

    [Fact]
    public async Task WhatTheGatewayClosesHasTheGatewaysReason()
    {
        await using var gateway = await StartAsync("--raw:max_message_bytes=128");
        await using var client = await RawClient.ConnectAsync(gateway.Server);

        await client.SendAsync(new byte[1000], WebSocketMessageType.Text);

        await CountedAsync(gateway, "raw", "too_big");
    }

    [Fact]
    public async Task CountersAreZeroFromTheStart()
    {
        await using var gateway = await StartAsync();
        var page = await gateway.ScrapeAsync();

        foreach (var dialect in new[] { "raw", "signalr", "frames" })
        {
            string[] reasons =
            [
                "normal", "aborted", "write_deadline", "slow_consumer", "no_pong", "shutdown", "kicked", "banned", "token_expired"
            ];
            foreach (var reason in reasons)
                Assert.Equal(0, page["websocket_disconnections_total"].With(("dialect", dialect), ("reason", reason)));
        }
    }

    private static Task<GatewayProcess> StartAsync(params string[] arguments) =>
        GatewayProcess.StartAsync([.. arguments, "--metrics_stream:enabled=false", "--handlers:0:path=/echo", "--handlers:0:handler=echo"]);

    private static async Task<HandMadeSocket> OpenAsync(GatewayProcess gateway, string path, string dialect)
    {
        var before = await ConnectedAsync(gateway, dialect);
        var client = await HandMadeSocket.OpenAsync(gateway.Server, path);
        if (path == "/hub") await client.SendTextAsync(Handshake);
        await Deadline.Until(async () => await ConnectedAsync(gateway, dialect) > before, "it is in");
        return client;
    }

    private static async Task<double> ConnectedAsync(GatewayProcess gateway, string dialect) =>
        (await gateway.ScrapeAsync())["websocket_connections_total"].With(("dialect", dialect));

    private static Task CountedAsync(GatewayProcess gateway, string dialect, string reason) => Deadline.Until(
        async () => (await gateway.ScrapeAsync())["websocket_disconnections_total"].With(("dialect", dialect), ("reason", reason)) == 1,
        $"one {reason} is counted");
}
