using System.Net;
using Gateway.AspNetCore.Frames;
using Gateway.Core.Connections;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;

namespace Gateway.IntegrationTests.Frames;

/// <summary>What a handler may do before there is a WebSocket.</summary>
public sealed class InitTests
{
    [Fact]
    public async Task HeadersAndTheSubProtocolGoOutWithTheAnswer()
    {
        var handler = new ScriptedHandler(ScriptedHandler.EchoAsync, context =>
        {
            context.ResponseHeaders.ContentType = "text/vnd.turbo-stream.html";
            context.ResponseHeaders["X-Session"] = context.ConnectionId;
            context.SubProtocol = context.OfferedSubProtocols.LastOrDefault();
        });
        await using var gateway = await StartAsync(handler);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames", o =>
        {
            o.AddSubProtocol("lines.v1");
            o.AddSubProtocol("lines.v2");
        });

        Assert.Equal(HttpStatusCode.SwitchingProtocols, client.Socket.HttpStatusCode);
        Assert.Equal(22, client.Socket.HttpResponseHeaders!["X-Session"].Single().Length);
        Assert.Equal("lines.v2", client.Socket.SubProtocol);
        await client.SendAsync("hello");
        Assert.Equal("hello", await client.ReadTextAsync());

        // .NET's client does not show the headers of an answer's content
        using var byHand = await HandMadeSocket.OpenAsync(gateway.Server, "/frames");
        Assert.Contains("\r\nContent-Type: text/vnd.turbo-stream.html\r\n", byHand.Answer);
    }

    [Fact]
    public async Task UserAndHubOfTheRequestAreThere()
    {
        (string, string, string) seen = default;
        var handler = new ScriptedHandler(
            ScriptedHandler.EchoAsync, context => seen = (context.User.Name, context.Hub, context.Request.Query["device"].ToString()));
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => o.Hubs["test"] = new(), map: app => app.MapFrames("/frames", hub: "test", _ => handler));
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames?username=Ann&device=7");

        Assert.Equal(("Ann", "test", "7"), seen);
    }

    [Fact]
    public async Task RefusalIsAStatusAndAText()
    {
        var handler = new ScriptedHandler(ScriptedHandler.EchoAsync, context => context.Refuse(402, "no coins"));
        await using var gateway = await StartAsync(handler);

        var (status, text) = await UpgradeAsync(gateway);

        Assert.Equal((402, "no coins\n"), (status, text));
        await IsOverAsync(gateway, handler);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FaultIsAnsweredWithoutAWordAboutIt(bool subProtocol)
    {
        var handler = new ScriptedHandler(ScriptedHandler.EchoAsync, context =>
        {
            context.ResponseHeaders["X-Secret"] = "s";
            if (subProtocol) context.SubProtocol = "nobody.offered.it";
            else throw new InvalidTimeZoneException("secret");
        });
        await using var gateway = await StartAsync(handler);

        Assert.Equal((500, "internal error\n"), await UpgradeAsync(gateway));
        await IsOverAsync(gateway, handler);
    }

    [Fact]
    public async Task FactoryThatFailsIsAnsweredLikeThatToo()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            map: app => app.MapFrames("/frames", _ => throw new InvalidTimeZoneException("secret")));

        Assert.Equal((500, "internal error\n"), await UpgradeAsync(gateway));
    }

    [Fact]
    public async Task PlainRequestIsToldWhatThisIs()
    {
        await using var gateway = await StartAsync(new ScriptedHandler(ScriptedHandler.EchoAsync));
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(gateway.Server, "/frames")).Within("the answer");

        Assert.Equal(
            (HttpStatusCode.UpgradeRequired, "this is a WebSocket endpoint\n"),
            (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task MistakesInTheMappingStopTheStart()
    {
        IFrameHandler Make(IServiceProvider services) => throw new NotSupportedException();
        var ofHub = await Assert.ThrowsAsync<ArgumentException>(
            () => EmbeddedGateway.StartAsync(map: app => app.MapFrames("/frames", hub: "nowhere", Make)));
        var ofPath = await Assert.ThrowsAsync<InvalidOperationException>(
            () => EmbeddedGateway.StartAsync(map: app => app.MapFrames("/ws", Make)));

        Assert.StartsWith("There is no domain 'nowhere'", ofHub.Message, StringComparison.Ordinal);
        Assert.StartsWith("The gateway already has an endpoint at /ws", ofPath.Message, StringComparison.Ordinal);
    }

    private static Task<EmbeddedGateway> StartAsync(ScriptedHandler handler) =>
        EmbeddedGateway.StartAsync(map: app => app.MapFrames("/frames", _ => handler));

    private static async Task IsOverAsync(EmbeddedGateway gateway, ScriptedHandler handler)
    {
        await Deadline.Until(() => handler.Disposed == 1, "the handler is disposed of");
        Assert.Equal(0, gateway.Get<ConnectionTable>().Count);
    }

    /// <summary>A WebSocket library does not show the text of a refusal.</summary>
    private static async Task<(int Status, string Text)> UpgradeAsync(EmbeddedGateway gateway)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Server, "/frames"));
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        using var response = await http.SendAsync(request).Within("the answer");
        Assert.False(response.Headers.Contains("X-Secret"));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
