using System.Buffers.Text;
using System.Net;
using System.Net.WebSockets;
using Gateway.AspNetCore.AnyReplica;
using Gateway.Core.Replicas;
using Gateway.Testing;

namespace Gateway.IntegrationTests.AnyReplica;

/// <summary>Whoever comes with a token that is not good, or says that it is a replica, gets nothing.</summary>
public sealed class RefusalTests(ThreeReplicas gateway) : IClassFixture<ThreeReplicas>, IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Deadline.Usual };

    private Uri A => new(gateway.All[0].Server, "/hub");
    private Uri B => new(gateway.All[1].Server, "/hub");

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task ForgedTokensAreUnknownEverywhere()
    {
        var good = await Negotiated.AskAsync(A);
        var bytes = Base64Url.DecodeFromChars(good.Token);
        for (var i = 0; i < bytes.Length; i += 7)
        {
            var bad = (byte[])bytes.Clone();
            bad[i] ^= 1;
            await AssertUnknownAsync(Base64Url.EncodeToString(bad));
        }
        await AssertUnknownAsync(good.Token[..^1]);
        await AssertUnknownAsync(good.Token + "AAAA");
        await AssertUnknownAsync(good.ConnectionId);
        await AssertUnknownAsync("%00");
        await AssertUnknownAsync(new string('A', 2000));
    }

    /// <summary>Signed with another key, otherwise as it should be.</summary>
    [Fact]
    public async Task TokenOfAnotherGatewayIsUnknown()
    {
        await using var other = await GatewayProcess.StartAsync();
        await AssertUnknownAsync((await Negotiated.AskAsync(new Uri(other.Server, "/hub"))).Token);
    }

    [Fact]
    public async Task TokenMakesOneWebSocketOnWhicheverReplicas()
    {
        foreach (var (first, second) in new[] { (A, A), (A, B), (B, A), (B, B) })
        {
            var negotiated = await Negotiated.AskAsync(A);
            using var socket = await OpenAsync(negotiated, first);
            var status = await StatusOfWebSocketAsync(negotiated, second);
            // 409 is the framework's word for a connection that is in use
            Assert.True(status is HttpStatusCode.NotFound or HttpStatusCode.Conflict, $"{status}");
            socket.Abort();
        }
    }

    /// <summary>
    /// A balancer that had no answer asks again: what the first answer held is lost, so the connection ends and the client catches up on
    /// another one.
    /// </summary>
    [Fact]
    public async Task PollThatIsRepeatedEndsTheConnection()
    {
        var (a, b) = (gateway.All[0].Server, gateway.All[1].Server);
        using var client = await Fallback.BeginAsync(a, b, "?rooms=lobby");
        Assert.Equal("welcome", (await client.NextAsync(b, 1)).GetProperty("target").GetString());
        await client.SendAsync(b, """{"type":1,"target":"Chat","arguments":[{"content":"hello"}],"invocationId":"1"}""");
        async Task<HttpStatusCode> PollAsync(Uri replica)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, client.Negotiated.With(new Uri(replica, "/hub")));
            request.Headers.Add("X-Gateway-Request", "8a1b");
            using var answer = await _http.SendAsync(request).Within("the answer to a poll");
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, await PollAsync(b));
        Assert.Equal(HttpStatusCode.NotFound, await PollAsync(a));
        await Deadline.Until(
            async () => (await client.PollAsync(b)).StatusCode is HttpStatusCode.NotFound or HttpStatusCode.NoContent,
            "the connection to end");
    }

    [Fact]
    public async Task TokenInUseByAnotherTransportMakesNoWebSocketAndTheOtherWayRound()
    {
        using var polling = await Fallback.BeginAsync(A, B);
        Assert.NotEqual(HttpStatusCode.SwitchingProtocols, await StatusOfWebSocketAsync(polling.Negotiated, B));

        var negotiated = await Negotiated.AskAsync(A);
        using var socket = await OpenAsync(negotiated, B);
        foreach (var replica in new[] { A, B })
        {
            using var answer = await _http.GetAsync(negotiated.With(replica)).Within("the answer");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task TokenOfADeadReplicaIsUnknownAtOnce()
    {
        await using var dying = await gateway.StartAsync(Nginx.FreePort());
        var hub = new Uri(dying.Server, "/hub");
        var (used, unused) = (await Fallback.BeginAsync(hub, B), await Negotiated.AskAsync(hub));
        dying.Kill();

        var began = TimeProvider.System.GetTimestamp();
        foreach (var negotiated in new[] { used.Negotiated, unused })
        {
            await AssertUnknownAsync(negotiated.Token);
            Assert.Equal(HttpStatusCode.NotFound, await StatusOfWebSocketAsync(negotiated, B));
        }
        // four requests, 5 s each if they waited
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    /// <summary>A poll waits for up to a minute and a half; it ends with its replica.</summary>
    [Fact]
    public async Task PollThatWaitsEndsWhenTheReplicaDies()
    {
        await using var dying = await gateway.StartAsync(Nginx.FreePort());
        using var client = await Fallback.BeginAsync(new Uri(dying.Server, "/hub"), B, "?rooms=");
        await client.NextAsync(B, 1); // the welcome
        var poll = client.PollAsync(B);
        await Deadline.Until(async () => (await gateway.All[1].ScrapeAsync())["gateway_forwarding"].Value > 0, "the poll waits");
        dying.Kill();

        using var answer = await poll.Within("the poll to end", TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("/hub")]
    [InlineData("/hub/handover")]
    [InlineData("/hub/forwarded")]
    [InlineData("/hub/negotiate")]
    public async Task RequestThatOnlySaysItIsForwardedIsRefused(string path)
    {
        var negotiated = await Negotiated.AskAsync(A);
        var key = new ReplicaKey();
        key.Set(new byte[32]);
        var uri = negotiated.With(new Uri(A, path));
        var forged = new ForwardedRequest(To(negotiated.Token), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), "127.0.0.1", 1, null)
            .Write("POST", uri.PathAndQuery, key);
        foreach (var header in new[] { "", ".", "e30.AAAA", forged })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, uri);
            request.Headers.TryAddWithoutValidation(ForwardedRequest.Header, header);
            using var answer = await _http.SendAsync(request).Within("the refusal");
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }
    }

    [Fact]
    public async Task ForgedForwardedRequestsAreLoggedOnceASecond()
    {
        await using var target = await GatewayProcess.StartAsync();
        var began = TimeProvider.System.GetTimestamp();
        const int requests = 300;
        for (var i = 0; i < requests; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(target.Server, "/hub"));
            request.Headers.Add(ForwardedRequest.Header, "forged");
            using var answer = await _http.SendAsync(request).Within("the refusal");
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        await target.StopAsync();

        var lines = target.Output.Split('\n')
            .Count(line => line.Contains("no replica of this gateway has signed it", StringComparison.Ordinal));
        Assert.InRange(lines, 1, (int)seconds + 1);
    }

    [Fact]
    public async Task NobodyFromOutsideTakesAConnectionOver()
    {
        var negotiated = await Negotiated.AskAsync(A);
        using var answer = await _http.PostAsync(negotiated.With(new Uri(A, "/hub/handover")), content: null).Within("the refusal");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        using var socket = await OpenAsync(negotiated, B);
    }

    private static string To(string token)
    {
        var bytes = Base64Url.DecodeFromChars(token);
        return System.Text.Encoding.UTF8.GetString(bytes, 10, bytes[9]);
    }

    private static async Task<ClientWebSocket> OpenAsync(Negotiated negotiated, Uri hub)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(WebSocketAddress(negotiated, hub), default).Within("the WebSocket to open");
        return socket;
    }

    private static async Task<HttpStatusCode> StatusOfWebSocketAsync(Negotiated negotiated, Uri hub)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Task.WhenAny(socket.ConnectAsync(WebSocketAddress(negotiated, hub), default).Within("the WebSocket to open or not"));
        return socket.HttpStatusCode;
    }

    private static Uri WebSocketAddress(Negotiated negotiated, Uri hub) => new UriBuilder(negotiated.With(hub)) { Scheme = "ws" }.Uri;

    /// <summary>As it is for all of a fallback transport's requests: the stock's text.</summary>
    private async Task AssertUnknownAsync(string token)
    {
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Delete })
        {
            using var request = new HttpRequestMessage(method, new Uri(B, "?id=" + token));
            using var answer = await _http.SendAsync(request).Within("the answer");
            Assert.Equal(
                (HttpStatusCode.NotFound, "No Connection with that ID"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        }
    }
}
