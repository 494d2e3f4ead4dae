using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>How big, how deep, how many at once: alike in both dialects.</summary>
public sealed class SizeTests
{
    private const int MaxBytes = 4096;

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task PayloadNestedTooDeepIsRefused(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var client = await Clients.ConnectAsync(kind, gateway.Server);

        await client.RequestAsync("cursor", Nested(31));
        if (client is RawClient raw)
        {
            await raw.SendAsync("cursor", Nested(32)); // where the fault is found, the id has not been read
            Assert.Equal("JSON is nested deeper than 32 levels", (await client.NextAsync("error")).Text("message"));
            return;
        }
        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("cursor", Nested(32)));
        Assert.Equal((400, "JSON is nested deeper than 32 levels"), (error.Code, error.Text));

        static object Nested(int depth) => System.Text.Json.JsonDocument.Parse(
            string.Concat(Enumerable.Repeat("{\"x\":", depth)) + "{}" + new string('}', depth)).RootElement;
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task MessageThatIsTooLongClosesItsConnectionOnly(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var bystander = await Clients.ConnectAsync(kind, gateway.Server);
        await using var client = await Clients.ConnectAsync(kind, gateway.Server);

        await client.ChatAsync(new string('x', MaxBytes - 200));
        await Record.ExceptionAsync(() => client.ChatAsync(new string('x', MaxBytes)));

        var (code, _) = await client.Closed.Within("the close");
        if (kind == Kind.Raw) Assert.Equal(1009, code);
        await bystander.RequestAsync("ping", null);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomNamesHaveTheirLimits(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var client = await Clients.ConnectAsync(kind, gateway.Server);
        await client.RequestAsync("join", new { room = new string('x', 128) });

        foreach (var room in new[] { "", "a b", "a\tb", "a\u0007b", "*", "a*", new string('x', 129) })
            Assert.Equal(400, (await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("join", new { room }))).Code);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomsOfAConnectionAreLimited(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var client = await Clients.ConnectAsync(kind, gateway.Server, "?rooms=a,b,c");

        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("join", new { room = "d" }));

        Assert.Equal((403, "a connection may be in 3 rooms"), (error.Code, error.Text));
    }

    /// <summary>
    /// A backplane that takes nothing: of what a client asks meanwhile one thing is under way, and the rest stays with the client.
    /// </summary>
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RequestsOfAConnectionAreCarriedOutOneAfterTheOther(Kind kind)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Redis.Enabled = true;
            o.Redis.Connection = [redis.Address];
            o.Redis.PublishTimeout = TimeSpan.FromMinutes(5);
        });
        await using var client = await Clients.ConnectAsync(kind, gateway.Server);
        await redis.KillAsync();
        var requests = Enumerable.Range(0, 50).Select(i => client.ChatAsync($"{i}")).ToList();
        await Deadline.Until(() => gateway.Get<Core.Connections.GatewayMeter>().Received >= 1, "the first is read");

        await redis.RestartAsync();
        await Task.WhenAll(requests).Within("all answers", TimeSpan.FromSeconds(60));

        var offsets = requests.Select(r => r.Result.GetProperty("offset").GetInt64()).ToList();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => offsets[0] + i), offsets);
    }

    private static Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(o =>
    {
        o.Raw.MaxMessageBytes = MaxBytes;
        o.Rooms.MaxPerConnection = 3;
        o.Messages.Custom["cursor"] = new();
    });
}
