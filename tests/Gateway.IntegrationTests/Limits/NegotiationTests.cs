using System.Net;
using System.Net.Sockets;
using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.IntegrationTests.AnyReplica;
using Gateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.IntegrationTests.Limits;

/// <summary>A negotiation costs memory until its connection begins, so there are only so many.</summary>
public sealed class NegotiationTests
{
    [Theory]
    [InlineData("/hub/NEGOTIATE")]
    [InlineData("/hub/negotiate/")]
    [InlineData("/HUB/Negotiate/")]
    [InlineData("/hub/test/NEGOTIATE")]
    public async Task RateHoldsHoweverThePathIsWritten(string path)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            (o.RateLimit.ConnectionsPerIp.Connections, o.RateLimit.ConnectionsPerIp.Window) = (2, TimeSpan.FromMinutes(10));
            o.Hubs["test"] = new NamedHubOptions();
        });

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], await NegotiateAsync(gateway.Server, 3, path));
    }

    [Fact]
    public async Task PendingOnesOfOneAddressAreBounded()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.SignalR.MaxPendingNegotiationsPerIp = 2);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], await NegotiateAsync(gateway.Server, 3));
        Assert.Equal([HttpStatusCode.OK], await NegotiateAsync(gateway.Server, 1, from: "127.0.0.2"));
    }

    [Fact]
    public async Task PendingOnesAreBoundedInAll()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.SignalR.MaxPendingNegotiations = 2);
        Assert.Equal([HttpStatusCode.OK], await NegotiateAsync(gateway.Server, 1, from: "127.0.0.2"));
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable], await NegotiateAsync(gateway.Server, 2));
        Assert.Equal([HttpStatusCode.ServiceUnavailable], await NegotiateAsync(gateway.Server, 1, from: "127.0.0.3"));
    }

    /// <summary>As the framework itself keeps them: nothing is left but what the limit allows.</summary>
    [Fact]
    public async Task ThereIsALimitWithoutConfiguration()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        var statuses = await NegotiateAsync(gateway.Server, 1_500);

        Assert.Equal(1_000, statuses.Count(status => status == HttpStatusCode.OK));
        Assert.Equal(500, statuses.Count(status => status == HttpStatusCode.TooManyRequests));
        Assert.Equal(1_000, gateway.Get<PendingNegotiations>().Count);
    }

    [Fact]
    public async Task OneThatHasBegunIsNotPending()
    {
        await using var redis = await RedisServer.StartAsync();
        void Share(ProgramOptions o) =>
            (o.Redis.Enabled, o.Redis.Connection, o.Server.Port, o.SignalR.MaxPendingNegotiationsPerIp) = (
                true, [redis.Address], Nginx.FreePort(), 1);
        await using var a = await EmbeddedGateway.StartAsync(Share);
        await using var b = await EmbeddedGateway.StartAsync(Share);

        for (var i = 0; i < 3; i++)
        {
            await using var webSocket = await SignalRClient.ConnectAsync(a.Server, negotiates: true);
            using var polling = await Fallback.BeginAsync(a.Server, a.Server, "?rooms=");
            using var forwarded = await Fallback.BeginAsync(a.Server, b.Server, "?rooms=");
            var negotiated = await Negotiated.AskAsync(new Uri(a.Server, "/hub"));
            using var takenOver = new System.Net.WebSockets.ClientWebSocket();
            await takenOver.ConnectAsync(
                new UriBuilder(negotiated.With(new Uri(b.Server, "/hub"))) { Scheme = "ws" }.Uri, default).Within("the WebSocket to open");
        }
        Assert.Equal(0, a.Get<PendingNegotiations>().Count);
    }

    [Fact]
    public void OneThatNeverBeginsIsForgottenWithTheFrameworksConnection()
    {
        var time = new ManualTime();
        using var meter = new GatewayMeter();
        var pending = new PendingNegotiations(
            new ProgramOptions { SignalR = { MaxPendingNegotiationsPerIp = 1 } }, meter, time, NullLogger<PendingNegotiations>.Instance);
        Assert.Null(pending.Reserve(IPAddress.Loopback));
        pending.Add("one", IPAddress.Loopback);
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(429, pending.Reserve(IPAddress.Loopback)?.Status);

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, pending.Count);
        Assert.Null(pending.Reserve(IPAddress.Loopback));
        pending.Release(IPAddress.Loopback);
        Assert.Equal(0, pending.Count);
    }

    private static async Task<List<HttpStatusCode>> NegotiateAsync(
        Uri server, int times, string path = "/hub/negotiate", string from = "127.0.0.1")
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < times; i++)
        {
            using var answer = await http.PostAsync(new Uri(server, path + "?negotiateVersion=1"), null).Within("the answer");
            if (answer.StatusCode == HttpStatusCode.TooManyRequests) Assert.NotNull(answer.Headers.RetryAfter);
            statuses.Add(answer.StatusCode);
        }
        return statuses;
    }

    private sealed class ManualTime : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddYears(50);

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
