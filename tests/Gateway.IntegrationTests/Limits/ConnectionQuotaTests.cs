using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.IntegrationTests.AnyReplica;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>A connection counts from its beginning to its end, whatever its transport and however many requests it has.</summary>
public sealed class ConnectionQuotaTests : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Deadline.Usual };

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData(2, 0)]
    [InlineData(0, 2)]
    public async Task LongPollingConnectionCountsWhileNobodyPolls(int all, int perIp)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.Server.MaxConnections, o.Server.MaxConnectionsPerIp) = (all, perIp));
        using var first = await Fallback.BeginAsync(gateway.Server, gateway.Server, "?rooms=");
        using var second = await Fallback.BeginAsync(gateway.Server, gateway.Server, "?rooms=");
        await first.NextAsync(gateway.Server, 1); // the welcome: no poll is under way

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await FirstPollAsync(gateway.Server));
        await second.NextAsync(gateway.Server, 1); // those that stand go on

        Assert.Equal(HttpStatusCode.Accepted, await first.EndAsync(gateway.Server));
        await Deadline.Until(
            async () => await FirstPollAsync(gateway.Server) == HttpStatusCode.OK, "there is room again", TimeSpan.FromSeconds(30));
    }

    /// <summary>By headers that would let a request pass for another transport's, too.</summary>
    [Theory]
    [InlineData(null, null)]
    [InlineData("Upgrade", "something")]
    [InlineData("Accept", "text/event-streams")]
    public async Task OfFortyPollsAtOnceAsManyBeginAsMay(string? header, string? value)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => (o.Server.MaxConnections, o.Server.MaxConnectionsPerIp) = (5, 2));
        var statuses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => FirstPollAsync(gateway.Server, header, value)));

        Assert.Equal(2, statuses.Count(status => status == HttpStatusCode.OK));
        Assert.Equal(38, statuses.Count(status => status == HttpStatusCode.ServiceUnavailable));
    }

    [Fact]
    public async Task AllTransportsCountTogether()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Server.MaxConnectionsPerIp = 5;
            o.Handlers = [new() { Path = "/echo", Handler = BuiltInHandler.Echo }];
        });
        await using var raw = await RawClient.ConnectAsync(gateway.Server);
        await using var hub = await SignalRClient.ConnectAsync(gateway.Server, negotiates: true);
        using var polling = await Fallback.BeginAsync(gateway.Server, gateway.Server, "?rooms=");
        using var echo = await OpenAsync(gateway.Server, "/echo");
        using var events = await EventsAsync(gateway.Server);
        Assert.Equal(HttpStatusCode.OK, events.StatusCode);

        foreach (var path in new[] { "/ws", "/hub", "/echo" })
            await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync(gateway.Server, path));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await FirstPollAsync(gateway.Server));
        using var refused = await EventsAsync(gateway.Server);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);

        await raw.CloseAsync();
        await Deadline.Until(async () => await FirstPollAsync(gateway.Server) == HttpStatusCode.OK, "there is room again");
    }

    /// <summary>They count where the connection is, by the address that the client has.</summary>
    [Fact]
    public async Task ForwardedConnectionCountsAtItsOwnReplica()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await EmbeddedGateway.StartAsync(o => Share(o, redis, perIp: 1));
        await using var b = await EmbeddedGateway.StartAsync(o => Share(o, redis, perIp: 0));
        using var first = await Fallback.BeginAsync(a.Server, b.Server, "?rooms=");
        await first.NextAsync(b.Server, 1);

        var negotiated = await Negotiated.AskAsync(new Uri(a.Server, "/hub"));
        using var refused = await _http.GetAsync(negotiated.With(new Uri(b.Server, "/hub"))).Within("the refusal");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        using var other = await Fallback.BeginAsync(b.Server, a.Server, "?rooms=");
    }

    private static void Share(ProgramOptions options, RedisServer redis, int perIp)
    {
        (options.Redis.Enabled, options.Redis.Connection) = (true, [redis.Address]);
        options.Server.Port = Nginx.FreePort(); // known to the other one from the beginning
        options.Server.MaxConnectionsPerIp = perIp;
    }

    private async Task<HttpStatusCode> FirstPollAsync(Uri server, string? header = null, string? value = null)
    {
        var negotiated = await Negotiated.AskAsync(new Uri(server, "/hub"));
        using var request = new HttpRequestMessage(HttpMethod.Get, negotiated.With(new Uri(server, "/hub")));
        if (header != null) request.Headers.TryAddWithoutValidation(header, value);
        if (header == "Upgrade") request.Headers.Connection.Add("upgrade");
        using var answer = await _http.SendAsync(request).Within("the answer to the first poll");
        return answer.StatusCode;
    }

    private async Task<HttpResponseMessage> EventsAsync(Uri server)
    {
        var negotiated = await Negotiated.AskAsync(new Uri(server, "/hub"));
        using var request = new HttpRequestMessage(HttpMethod.Get, negotiated.With(new Uri(server, "/hub")));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within("the event stream to begin or not");
    }

    private static async Task<ClientWebSocket> OpenAsync(Uri server, string path)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{server.Authority}{path}"), default).Within("the WebSocket to open or not");
        return socket;
    }
}
