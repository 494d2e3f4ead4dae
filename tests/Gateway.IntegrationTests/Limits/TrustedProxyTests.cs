using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.IntegrationTests.AnyReplica;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>A client's address is what a trusted proxy says of it, and nobody else.</summary>
public sealed class TrustedProxyTests
{
    [Theory]
    [InlineData("", "10.1.1.1", "127.0.0.1")]
    [InlineData("10.0.0.0/8", "10.1.1.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "10.1.1.1", "10.1.1.1")]
    [InlineData("127.0.0.1", "6.6.6.6, 10.1.1.1", "10.1.1.1")]
    [InlineData("127.0.0.0/8,10.0.0.0/8", "7.7.7.7, 6.6.6.6, 10.1.1.1", "6.6.6.6")]
    [InlineData("127.0.0.1", "2001:db8::7", "2001:db8::7")]
    [InlineData("127.0.0.1", "nonsense", "127.0.0.1")]
    public async Task AddressIsTheNearestThatIsNotATrustedProxy(string trusted, string forwardedFor, string expected)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => o.Server.TrustedProxies = trusted.Split(',', StringSplitOptions.RemoveEmptyEntries));
        await using var raw = await RawClient.ConnectAsync(
            gateway.Server, configure: o => o.SetRequestHeader("X-Forwarded-For", forwardedFor));
        await using var hub = await SignalRClient.ConnectAsync(
            gateway.Server, configure: o => o.SetRequestHeader("X-Forwarded-For", forwardedFor));

        Assert.Equal([expected, expected], gateway.Get<ConnectionTable>().Snapshot().Select(connection => connection.RemoteAddress));
    }

    [Theory]
    [InlineData("10.1.1.1", "10.1.1.1", false)]
    [InlineData("10.1.1.1", "10.1.1.2", true)]
    [InlineData("2001:db8::1", "2001:db8::2", false)] // one /64
    [InlineData("2001:db8::1", "2001:db8:0:1::1", true)]
    public async Task LimitsCountByTheClientsAddress(string first, string second, bool isLetIn)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.Server.TrustedProxies, o.Server.MaxConnectionsPerIp) = (["127.0.0.1"], 1));
        await using var client = await RawClient.ConnectAsync(gateway.Server, configure: o => o.SetRequestHeader("X-Forwarded-For", first));

        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        socket.Options.SetRequestHeader("X-Forwarded-For", second);
        await Task.WhenAny(socket.ConnectAsync(new Uri($"ws://{gateway.Server.Authority}/hub"), default).Within("the answer"));

        Assert.Equal(isLetIn ? HttpStatusCode.SwitchingProtocols : HttpStatusCode.ServiceUnavailable, socket.HttpStatusCode);
    }

    /// <summary>Replicas may stand in a trusted network as well: what they say of a forwarded request is signed, and counts.</summary>
    [Fact]
    public async Task AddressGoesAlongToTheOwningReplica()
    {
        await using var redis = await RedisServer.StartAsync();
        void Share(ProgramOptions o) =>
            (o.Redis.Enabled, o.Redis.Connection, o.Server.Port, o.Server.TrustedProxies) = (
                true, [redis.Address], Nginx.FreePort(), ["127.0.0.0/8"]);
        await using var a = await EmbeddedGateway.StartAsync(Share);
        await using var b = await EmbeddedGateway.StartAsync(Share);
        using var client = await Fallback.BeginAsync(a.Server, b.Server, "?rooms=", "10.1.1.1");
        await client.NextAsync(b.Server, 1);

        Assert.Equal("10.1.1.1", Assert.Single(a.Get<ConnectionTable>().Snapshot()).RemoteAddress);
    }

    [Fact]
    public async Task NginxTellsWhereEachClientIs()
    {
        await using var gateway = await GatewayProcess.StartAsync(
            "--server:trusted_proxies=127.0.0.1", "--server:max_connections_per_ip=1");
        await using var nginx = await Nginx.StartAsync([gateway.Server]);
        using var here = From("127.0.0.7");
        using var there = From("127.0.0.8");
        await using var first = await RawClient.ConnectAsync(nginx.Server, invoker: here);
        await using var second = await RawClient.ConnectAsync(nginx.Server, invoker: there);

        await Assert.ThrowsAsync<WebSocketException>(() => RawClient.ConnectAsync(nginx.Server, invoker: here));
    }

    private static HttpMessageInvoker From(string address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancel) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}
