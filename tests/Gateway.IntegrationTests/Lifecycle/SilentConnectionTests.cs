using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Lifecycle;

/// <summary>Clients that connect, or were connected, and say nothing.</summary>
public sealed class SilentConnectionTests
{
    [Fact]
    public async Task ConnectionWithoutAByteEndsWithItsDeadline()
    {
        await using var gateway = await GatewayProcess.StartAsync("--server:first_request_timeout=1s");
        var sockets = new List<Socket>();
        for (var i = 0; i < 250; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Parse(gateway.Server.Host), gateway.Server.Port).Within("the connection");
            sockets.Add(socket);
        }

        foreach (var socket in sockets)
        {
            Assert.Equal(0, await ReadAsync(socket).Within("the end of the connection"));
            socket.Dispose();
        }
    }

    [Fact]
    public async Task ConnectionThatBroughtARequestLivesOn()
    {
        await using var gateway = await GatewayProcess.StartAsync("--server:first_request_timeout=100ms");
        await using var client = await RawClient.ConnectAsync(gateway.Server);
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await silent.ConnectAsync(IPAddress.Parse(gateway.Server.Host), gateway.Server.Port).Within("the connection");
        Assert.Equal(0, await ReadAsync(silent).Within("the end of the one without a request"));

        await client.ChatAsync("still here");
        await client.NextAsync("chat");
    }

    /// <summary>Its machine is gone without a word: no poll comes, and the last one is never given up by the client.</summary>
    [Fact]
    public async Task VanishedLongPollingClientIsGoneAfterTheClientTimeout()
    {
        await using var gateway = await GatewayProcess.StartAsync("--signalr:client_timeout=4s", "--metrics_stream:enabled=false");
        using var client = await AnyReplica.Fallback.BeginAsync(gateway.Server, gateway.Server, "?rooms=");
        await client.NextAsync(gateway.Server, 1); // the welcome
        var began = Stopwatch.GetTimestamp();
        using var last = new CancellationTokenSource();
        var poll = client.PollAsync(gateway.Server); // comes back empty, and none follows

        await Deadline.Until(
            async () => (await gateway.ScrapeAsync())["websocket_connected_clients"].With(("dialect", "signalr")) == 0, "it is gone",
            TimeSpan.FromSeconds(20));

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 9);
        (await poll).Dispose();
        Assert.Equal(
            1, (await gateway.ScrapeAsync())["websocket_disconnections_total"].With(("dialect", "signalr"), ("reason", "client_timeout")));
    }

    [Fact]
    public async Task LongPollingClientThatPollsStays()
    {
        await using var gateway = await GatewayProcess.StartAsync("--signalr:client_timeout=2s", "--metrics_stream:enabled=false");
        using var client = await AnyReplica.Fallback.BeginAsync(gateway.Server, gateway.Server, "?rooms=");
        await client.NextAsync(gateway.Server, 1);

        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(6);)
        {
            using var poll = await client.PollAsync(gateway.Server);
            Assert.Equal(HttpStatusCode.OK, poll.StatusCode);
        }

        Assert.Equal(1, (await gateway.ScrapeAsync())["websocket_connected_clients"].With(("dialect", "signalr")));
    }

    /// <summary>
    /// A client that stopped reading is dropped by what its machine acknowledges, not when the megabytes of the system's buffers are full.
    /// </summary>
    [Theory]
    [InlineData("/ws")]
    [InlineData("/hub")]
    public async Task StalledClientIsDroppedWithinTheTcpTimeoutAndItIsTold(string path)
    {
        await using var gateway = await GatewayProcess.StartAsync(
            "--server:tcp_user_timeout=3s", "--metrics_stream:enabled=false", "--raw:write_wait=1h");
        await using var healthy = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");
        using var stalled = await HandMadeSocket.OpenAsync(gateway.Server, path + "?rooms=r", receiveBuffer: 4096);
        if (path == "/hub") await stalled.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        var dialect = path == "/ws" ? "raw" : "signalr";
        var filler = new string('x', 2000);
        var left = path == "/ws" ? 1 : 0;
        await Deadline.Until(
            async () => (await gateway.ScrapeAsync())["websocket_connected_clients"].With(("dialect", dialect)) == left + 1,
            "both are there");

        await Deadline.Until(async () => // 2.3 MB would fit into the system's buffers: this stays far below
        {
            if (healthy.All.Count < 300) await healthy.RequestAsync("chat", new { content = filler, room = "r" });
            return (await gateway.ScrapeAsync())["websocket_connected_clients"].With(("dialect", dialect)) == left;
        }, "the stalled one is gone", TimeSpan.FromSeconds(25));

        var page = await gateway.ScrapeAsync();
        Assert.Equal(1, page["websocket_disconnections_total"].With(("dialect", dialect), ("reason", "write_deadline")));
        Assert.Equal(1, page["gateway_closed_total"].With(("reason", "write deadline")));
        Assert.Contains("a write took longer than raw.write_wait", gateway.Output);
        await healthy.ChatAsync("still here", "r");
    }

    private static async Task<int> ReadAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]);
        }
        catch (SocketException)
        {
            return 0; // reset
        }
    }
}
