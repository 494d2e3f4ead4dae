using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>More clients than the process has file descriptors for. It needs the machine for itself: the places left are few.</summary>
public sealed class DescriptorTests
{
    private const int Descriptors = 320; // the runtime keeps about 200 for its own assemblies

    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task ConnectionsWithoutAByteDoNotKillTheGatewayAndItRecovers()
    {
        await using var gateway = await GatewayProcess.StartAsync(Descriptors);
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < Descriptors + 50; i++) sockets.Add(await OpenAsync(gateway.Server));
            await Deadline.Until(
                () => gateway.Output.Contains("file descriptors for", StringComparison.Ordinal),
                "the log says so",
                TimeSpan.FromSeconds(30));

            await AssertHealthyAsync(gateway, TimeSpan.FromSeconds(30));
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
        await AssertRecoversAsync(gateway);
    }

    [Fact]
    public async Task ClientsThatDoNotFitAreRefusedWith503()
    {
        await using var gateway = await GatewayProcess.StartAsync(Descriptors);
        var clients = new List<RawClient>();
        try
        {
            var limit = (int)(await gateway.ScrapeAsync())["gateway_connection_limit"].With();
            Assert.InRange(limit, 5, Descriptors);
            try
            {
                while (clients.Count < limit) clients.Add(await RawClient.ConnectAsync(gateway.Server));
            }
            catch (System.Net.WebSockets.WebSocketException)
            {
                // full
            }

            // the runtime takes a descriptor for each assembly that the first clients need; the listening sockets, and whoever reads the
            // metrics, have a place, too
            Assert.InRange(clients.Count, limit - 16, limit);
            Assert.Equal("HTTP/1.1 503 Service Unavailable", await RefusalAsync(gateway.Server));
            await AssertHealthyAsync(gateway, Deadline.Usual);
            await clients[0].RequestAsync("chat", new { content = "still here" });
            await clients[^1].NextAsync("chat");
        }
        finally
        {
            foreach (var client in clients) await client.DisposeAsync();
        }
        await AssertRecoversAsync(gateway);
    }

    private static async Task AssertHealthyAsync(GatewayProcess gateway, TimeSpan within)
    {
        using var http = new HttpClient { Timeout = within };
        using var health = await http.GetAsync(new Uri(gateway.Server, "/health/live")).Within("the gateway's health", within);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    private static async Task AssertRecoversAsync(GatewayProcess gateway)
    {
        await Deadline.Until(async () =>
        {
            try
            {
                await using var client = await RawClient.ConnectAsync(gateway.Server);
                return true;
            }
            catch (Exception fault) when (fault is System.Net.WebSockets.WebSocketException or TimeoutException)
            {
                return false;
            }
        }, "newcomers get in again", Recovery);
        Assert.Equal(0, await gateway.StopAsync());
    }

    /// <summary>The first line of the answer to a client that is one too many.</summary>
    private static async Task<string> RefusalAsync(Uri server)
    {
        using var socket = await OpenAsync(server);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /ws HTTP/1.1\r\nHost: {server.Authority}\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadLineAsync().Within("the refusal") ?? "";
    }

    private static async Task<Socket> OpenAsync(Uri server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Parse(server.Host), server.Port).Within("the connection");
        return socket;
    }
}
