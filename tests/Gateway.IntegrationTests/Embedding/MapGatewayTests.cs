using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Gateway.AspNetCore.SignalR;
using Gateway.Core.Hosting;
using Gateway.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gateway.IntegrationTests.Embedding;

/// <summary>What ASP.NET Core people expect of <c>MapX</c>: conventions, groups, authentication, and nothing of the host changed.</summary>
public sealed class MapGatewayTests
{
    private const string Host = "chat.example.com";

    [Theory]
    [InlineData("GET", "/ws")]
    [InlineData("POST", "/hub/negotiate?negotiateVersion=1")]
    public async Task RequireAuthorizationHoldsForEveryEndpoint(string method, string path)
    {
        await using var app = await Application.StartAsync(AddWithLogin, map: a => a.MapGateway().RequireAuthorization());

        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(new HttpMethod(method), path));
        Assert.NotEqual(HttpStatusCode.Unauthorized, await app.StatusAsync(new HttpMethod(method), path, ("X-User", "ada")));
    }

    [Fact]
    public async Task UserOfTheApplicationIsTheConnectionsUser()
    {
        await using var app = await Application.StartAsync(AddWithLogin, map: a => a.MapGateway().RequireAuthorization());
        await using var client = await RawClient.ConnectAsync(app.Server, configure: options => options.SetRequestHeader("X-User", "ada"));

        Assert.Equal("ada", client.Welcome.GetProperty("user_id").GetString());
    }

    /// <summary>The replicas know one another by a signature: neither the login nor the host name of clients is asked of them.</summary>
    [Fact]
    public async Task WebSocketThatArrivesAtAnotherReplicaIsTakenOverDespiteRequireAuthorizationAndRequireHost()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await StartReplicaAsync(redis);
        await using var b = await StartReplicaAsync(redis);
        // A replica tells its address with a heartbeat, after it has started to listen.
        await Deadline.Until(
            async () => await OpensAtAsync(b.Server, await NegotiateAsync(a)), "the other replica takes the WebSocket over");
    }

    [Fact]
    public async Task RequireHostHolds()
    {
        await using var app = await Application.StartAsync(map: a => a.MapGateway().RequireHost(Host));

        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(HttpMethod.Post, "/hub/negotiate?negotiateVersion=1"));
        Assert.Equal(HttpStatusCode.OK, await app.StatusAsync(HttpMethod.Post, "/hub/negotiate?negotiateVersion=1", ("Host", Host)));
    }

    [Theory]
    [InlineData("GET", "/rt/ws")]
    [InlineData("POST", "/rt/hub/negotiate?negotiateVersion=1")]
    [InlineData("GET", "/rt/hub")]
    public async Task InAGroupTheChecksHold(string method, string path)
    {
        await using var app = await Application.StartAsync(map: a => a.MapGroup("/rt").MapGateway());

        Assert.Equal(HttpStatusCode.Forbidden, await app.StatusAsync(new HttpMethod(method), path, ("Origin", "https://evil.example.com")));
    }

    [Fact]
    public async Task InAGroupBothDialectsMeet()
    {
        await using var app = await Application.StartAsync(map: a => a.MapGroup("/rt").MapGateway());
        using var raw = new ClientWebSocket();
        await raw.ConnectAsync(new Uri($"ws://{app.Server.Authority}/rt/ws?rooms=lobby"), default).Within("the raw client");
        await using var signalR = await SignalRClient.ConnectAsync(new Uri(app.Server, "/rt/"), "?rooms=lobby");

        await signalR.RequestAsync("chat", new { content = "hello" });
        var buffer = new byte[4096];
        string text;
        do
        {
            var read = await raw.ReceiveAsync(buffer.AsMemory(), default).AsTask().Within("the message");
            text = System.Text.Encoding.UTF8.GetString(buffer, 0, read.Count);
        }
        while (!text.Contains("\"chat\"", StringComparison.Ordinal));

        Assert.Contains("hello", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAddGatewayItSaysWhatToDo()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => Application.StartAsync(add: _ => { }));

        Assert.Contains("builder.Services.AddGateway()", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MappedTwiceAtOnePathItSaysSo()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => Application.StartAsync(map: a =>
        {
            a.MapGateway();
            a.MapGateway();
        }));

        Assert.Contains("The gateway already has an endpoint at /ws", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingOfTheHostChanges()
    {
        await using var app = await Application.StartAsync();
        var resolver = app.Services.GetRequiredService<IHubProtocolResolver>();
        var json = app.Services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value;

        Assert.StartsWith("Microsoft.AspNetCore", resolver.GetType().FullName, StringComparison.Ordinal);
        Assert.All(
            app.Services.GetServices<IHubProtocol>(),
            protocol => Assert.StartsWith("Microsoft.AspNetCore", protocol.GetType().FullName!, StringComparison.Ordinal));
        Assert.Equal(
            new SocketTransportOptions().MaxWriteBufferSize,
            app.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value.MaxWriteBufferSize);
        Assert.Equal(System.Text.Json.JsonNamingPolicy.CamelCase, json.SerializerOptions.PropertyNamingPolicy);
    }

    [Fact]
    public async Task WebSocketsOfTheApplicationKeepTheirKeepAlive()
    {
        await using var app = await Application.StartAsync(map: a =>
        {
            a.MapGateway();
            a.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromMilliseconds(100) });
            a.Map("/own", async context =>
            {
                using var own = await context.WebSockets.AcceptWebSocketAsync();
                await own.ReceiveAsync(new byte[16], context.RequestAborted);
            });
        });
        await using var gateway = await RawClient.ConnectAsync(app.Server);
        using var own = await HandMadeSocket.OpenAsync(app.Server, "/own");

        // RFC 6455 section 5.5.3: an unsolicited one keeps the connection alive
        Assert.Equal(HandMadeSocket.Pong, (await own.ReadAsync())!.Opcode);
        await gateway.RequestAsync("ping", new { });
    }

    [Fact]
    public async Task ContextOfANamedDomainIsAKeyedService()
    {
        await using var app = await Application.StartAsync(
            builder => builder.Services.AddGateway(Application.Quiet).AddHub("test", hub => hub.AutoJoin = ["lobby"]));
        await using var client = await SignalRClient.ConnectAsync(app.Server, "/test");

        await app.Services.GetRequiredKeyedService<IHubContext<GatewayHub>>("test").Clients.Group("lobby")
            .SendAsync("note", new { id = 1 });

        Assert.Equal(1, (await client.NextAsync("note")).Json.GetProperty("id").GetInt32());
    }

    private static async Task<string> NegotiateAsync(Application app)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hub/negotiate?negotiateVersion=1");
        request.Headers.Add("X-User", "ada");
        request.Headers.Host = Host;
        using var answer = await app.Http.SendAsync(request).Within("the negotiation");
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("connectionToken").GetString()!;
    }

    private static async Task<bool> OpensAtAsync(Uri server, string token)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-User", "ada");
        socket.Options.SetRequestHeader("Host", Host);
        try
        {
            await socket.ConnectAsync(new Uri($"ws://{server.Authority}/hub?id={token}"), default).Within("the WebSocket");
            return true;
        }
        catch (WebSocketException)
        {
            return false;
        }
    }

    private static Task<Application> StartReplicaAsync(RedisServer redis) => Application.StartAsync(
        builder => AddLogin(builder, builder.Services.AddGateway(Application.Quiet).AddRedis(redis.Address)),
        map: a => a.MapGateway().RequireAuthorization().RequireHost(Host));

    private static void AddWithLogin(WebApplicationBuilder builder) => AddLogin(builder, builder.Services.AddGateway(Application.Quiet));

    private static void AddLogin(WebApplicationBuilder builder, IGatewayBuilder gateway)
    {
        Assert.Same(builder.Services, gateway.Services);
        builder.Services.AddAuthentication("header")
            .AddScheme<AuthenticationSchemeOptions, Application.HeaderAuthentication>("header", null);
        builder.Services.AddAuthorization();
    }
}
