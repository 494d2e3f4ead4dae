using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Pipeline;
using Gateway.Configuration;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests.AnyReplica;

/// <summary>
/// A fallback transport's requests at another replica than the connection's, with a hub of the test's own that can do what SignalR can.
/// </summary>
public sealed class ForwardingTests : IAsyncLifetime
{
    private readonly List<WebApplication> _apps = [];
    private RedisServer _redis = null!;
    private Uri _a = null!;
    private Uri _b = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        (_a, _b) = (await StartAsync(), await StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
        {
            await app.StopAsync().Within("the application to stop", TimeSpan.FromSeconds(30));
            await app.DisposeAsync();
        }
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task ResultOfAnInvocationComesBack()
    {
        using var client = await Fallback.BeginAsync(_a, _b);
        await client.SendAsync(_b, """{"type":1,"target":"Who","arguments":[],"invocationId":"1"}""");

        Assert.Equal(client.ConnectionId, (await client.NextAsync(_b, 3)).GetProperty("result").GetString());
    }

    [Fact]
    public async Task StreamOfTheServerComesItemByItem()
    {
        using var client = await Fallback.BeginAsync(_a, _b);
        await client.SendAsync(_b, """{"type":4,"target":"Count","arguments":[5],"invocationId":"s"}""");

        for (var i = 0; i < 5; i++) Assert.Equal(i, (await client.NextAsync(i % 2 == 0 ? _a : _b, 2)).GetProperty("item").GetInt32());
        Assert.Equal("s", (await client.NextAsync(_b, 3)).GetProperty("invocationId").GetString());
    }

    [Fact]
    public async Task ServerAsksTheClientAndGetsItsResult()
    {
        using var client = await Fallback.BeginAsync(_a, _b);
        await client.SendAsync(_b, """{"type":1,"target":"Ask","arguments":[],"invocationId":"1"}""");
        var asked = await client.NextAsync(_b, 1);
        await client.SendAsync(
            _b, $$"""{"type":3,"invocationId":"{{asked.GetProperty("invocationId").GetString()}}","result":"forty-two"}""");

        Assert.Equal("forty-two", (await client.NextAsync(_a, 3)).GetProperty("result").GetString());
    }

    /// <summary>Address and user are the client's where it arrived, not those of the replica that sent the request on.</summary>
    [Fact]
    public async Task OwningReplicaLearnsWhoTheClientIs()
    {
        using var client = await Fallback.BeginAsync(_a, _b, "?as=Ann");
        await client.SendAsync(_b, """{"type":1,"target":"Me","arguments":[],"invocationId":"1"}""");

        Assert.Equal("Ann 127.0.0.1", (await client.NextAsync(_b, 3)).GetProperty("result").GetString());
    }

    [Fact]
    public async Task ConnectionIsEndedFromElsewhere()
    {
        using var client = await Fallback.BeginAsync(_a, _b);

        Assert.Equal(HttpStatusCode.Accepted, await client.EndAsync(_b));
        using var poll = await client.PollAsync(_b);
        Assert.Contains(poll.StatusCode, new[] { HttpStatusCode.NotFound, HttpStatusCode.NoContent });
    }

    [Fact]
    public async Task EventStreamEndsOnBothSidesWhenTheClientGoes()
    {
        var negotiated = await Negotiated.AskAsync(new Uri(_a, "/hub"));
        using (var http = new HttpClient())
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, negotiated.With(new Uri(_b, "/hub")));
            request.Headers.Accept.ParseAdd("text/event-stream");
            using var stream = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within("the event stream to begin");
            Assert.Equal("text/event-stream", stream.Content.Headers.ContentType?.MediaType);
            Assert.Equal(1, Forwarding(_b));
        }
        await Deadline.Until(() => Forwarding(_b) == 0, "the replica has given up the client's stream");
        await Deadline.Until(async () => await SendsAsync(negotiated) == HttpStatusCode.NotFound, "the owner has given up the connection");
    }

    [Fact]
    public async Task TooLargeARequestIsRefused()
    {
        using var client = await Fallback.BeginAsync(_a, _b);
        using var http = new HttpClient();
        var negotiated = await Negotiated.AskAsync(new Uri(_a, "/hub"));
        using var content = new ByteArrayContent(new byte[2 * 1024 * 1024]);
        using var answer = await http.PostAsync(negotiated.With(new Uri(_b, "/hub")), content).Within("the refusal");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task MoreThanTheLimitAreRefused()
    {
        var narrow = await StartAsync(options => options.Server.MaxForwarded = 0);
        using var http = new HttpClient();
        var negotiated = await Negotiated.AskAsync(new Uri(_a, "/hub"));
        using var answer = await http.GetAsync(negotiated.With(new Uri(narrow, "/hub"))).Within("the refusal");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    private async Task<HttpStatusCode> SendsAsync(Negotiated negotiated)
    {
        using var http = new HttpClient();
        using var content = new StringContent("");
        using var answer = await http.PostAsync(negotiated.With(new Uri(_b, "/hub")), content);
        return answer.StatusCode;
    }

    private int Forwarding(Uri replica) => _apps.Single(
        app => app.Urls.First() == replica.GetLeftPart(UriPartial.Authority)).Services.GetRequiredService<Forwarder>().ActiveRequests;

    private async Task<Uri> StartAsync(Action<ProgramOptions>? set = null)
    {
        var options = new ProgramOptions { Redis = { Enabled = true, Connection = [_redis.Address] }, Rooms = { AutoJoin = [] } };
        set?.Invoke(options);
        var port = Nginx.FreePort();
        options.Server.AdvertiseAddress = $"http://127.0.0.1:{port}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddGateway(options).AddRedis(options.Redis);
        builder.Services.AddSignalR(hub => hub.MaximumParallelInvocationsPerClient = 2); // for a method that waits for its caller
        var app = builder.Build();
        app.Urls.Add(options.Server.AdvertiseAddress);
        app.Use((context, next) =>
        {
            // Authenticates only where the client itself arrives, as a client certificate would.
            if (context.Request.Query["as"] is [{ } name] && !context.Request.Headers.ContainsKey(ForwardedRequest.Header))
                context.User = new ClaimsPrincipal(
                    new ClaimsIdentity([new Claim("sub", name), new Claim("name", name)], "test", "name", "role"));
            return next(context);
        });
        app.UseRouting();
        var domain = app.Services.GetRequiredService<GatewayDomains>().Default;
        app.MapHub<TestHub>(options.SignalR.Path).Guard(app, GatewayEndpoint.SignalR(domain));
        var forwarded = GatewayEndpoint.SignalR(domain) with { IsForwarded = true };
        app.MapHub<TestHub>(options.SignalR.Path + forwarded.ForwardedPath).Guard(app, forwarded);
        var handOver = GatewayEndpoint.SignalR(domain, EndpointKind.HandOver);
        app.MapHandOver(options.SignalR.Path, handOver.HandOverPath).Guard(app, handOver);
        await app.StartAsync().Within("the application to start");
        _apps.Add(app);
        return new Uri(app.Urls.First());
    }

    private sealed class TestHub : Hub
    {
        public string Who() => Context.ConnectionId;

        public string Me() => $"{Context.User?.Identity?.Name} {Context.GetHttpContext()?.Connection.RemoteIpAddress}";

        public Task<string> Ask() => Clients.Caller.InvokeAsync<string>("answer", default);

        public async IAsyncEnumerable<int> Count(int to, [EnumeratorCancellation] CancellationToken cancel)
        {
            for (var i = 0; i < to; i++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
                yield return i;
            }
        }
    }
}
