using System.Net;
using System.Net.WebSockets;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>What a stranger may have at the most.</summary>
public sealed class LimitTests
{
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task TooManyMessagesAreRefusedAndAFloodIsClosed(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.RateLimit.Messages, o.RateLimit.Window) = (10, TimeSpan.FromMinutes(10)));
        await using var bystander = await RawClient.ConnectAsync(gateway.Server);
        await using var client = await Clients.ConnectAsync(kind, gateway.Server);
        for (var i = 0; i < 10; i++) await client.ChatAsync($"{i}");

        var error = await Assert.ThrowsAsync<GatewayError>(() => client.ChatAsync("one more"));
        Assert.Equal(429, error.Code);

        for (var i = 0; i < 60 && !client.Closed.IsCompleted; i++) await Record.ExceptionAsync(() => client.ChatAsync("again"));
        var (code, reason) = await client.Closed.Within("the close");
        if (kind == Kind.Raw) Assert.Equal((1008, "flooding"), (code, reason));
        await bystander.ChatAsync("undisturbed");
        await Deadline.Until(
            () => bystander.All.Count(m => m.Type == "chat") == 11, "the bystander has the ten that were allowed and its own");
    }

    [Fact]
    public async Task MalformedMessagesCountToo()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.RateLimit.Messages, o.RateLimit.Window) = (5, TimeSpan.FromMinutes(10)));
        await using var client = await RawClient.ConnectAsync(gateway.Server);
        for (var i = 0; i < 6; i++) await client.SendTextAsync("{");

        var codes = new List<int>();
        for (var i = 0; i < 6; i++) codes.Add((await client.NextAsync("error")).Json.GetProperty("code").GetInt32());

        Assert.Equal([400, 400, 400, 400, 400, 429], codes);
        Assert.True(client.All[^1].Json.GetProperty("retry_after_ms").GetInt64() > 0);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(2, 0)]
    public async Task ConnectionsBeyondTheLimitAreRefusedUntilOneLeaves(int all, int perIp)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.Server.MaxConnections, o.Server.MaxConnectionsPerIp) = (all, perIp));
        await using var first = await RawClient.ConnectAsync(gateway.Server);
        await using var second = await SignalRClient.ConnectAsync(gateway.Server);

        var refusal = await Assert.ThrowsAsync<WebSocketException>(() => RawClient.ConnectAsync(gateway.Server));
        Assert.Contains("503", refusal.Message);

        await first.CloseAsync();
        await Deadline.Until(
            async () => await Record.ExceptionAsync(
                async () => await (await RawClient.ConnectAsync(gateway.Server)).DisposeAsync()) == null,
            "there is room again");
    }

    [Fact]
    public async Task RoomsPerConnectionAreLimited()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Rooms.MaxPerConnection = 2);
        await using var client = await SignalRClient.ConnectAsync(gateway.Server);
        await client.RequestAsync("join", new { room = "a" });

        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("join", new { room = "b" }));

        Assert.Equal((403, "a connection may be in 2 rooms"), (error.Code, error.Text));
    }

    [Theory]
    [InlineData("/ws", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("/hub/negotiate?negotiateVersion=1", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("/hub/negotiate?negotiateVersion=1", "null", HttpStatusCode.Forbidden)]
    [InlineData("/hub/negotiate?negotiateVersion=1", "https://good.example", HttpStatusCode.OK)]
    [InlineData("/hub/negotiate?negotiateVersion=1", "own", HttpStatusCode.OK)]
    [InlineData("/hub/negotiate?negotiateVersion=1", null, HttpStatusCode.OK)]
    public async Task ForeignOriginsAreRefused(string path, string? origin, HttpStatusCode expected)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Server.AllowedOrigins = ["https://good.example"]);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(path == "/ws" ? HttpMethod.Get : HttpMethod.Post, new Uri(gateway.Server, path));
        if (origin != null) request.Headers.Add("Origin", origin == "own" ? $"http://{gateway.Server.Authority}" : origin);

        using var response = await http.SendAsync(request).Within("the answer");

        Assert.Equal(expected, response.StatusCode);
    }
}
