using System.Text.Json;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>A raw client that sends its token as the first message: until then it is nobody, and nowhere.</summary>
public sealed class FirstMessageAuthenticationTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    [Fact]
    public async Task TokenOfTheFirstMessageLetsIn()
    {
        await using var client = await RawClient.OpenAsync(fixture.Server, "?auth=message&rooms=lobby");
        await client.SendAsync("auth", new { token = fixture.Key.Token(new() { ["sub"] = "first" }) });

        Assert.Equal("first", (await client.NextAsync("welcome")).Text("user_id"));
        await client.ChatAsync("hello");
        Assert.Equal("first", (await client.NextAsync("chat")).Text("user_id"));
    }

    [Fact]
    public async Task UntilThenTheConnectionGetsNothingAndIsInNoRoom()
    {
        await using var bystander = await RawClient.ConnectAsync(
            fixture.Server, "?token=" + fixture.Key.Token(new() { ["sub"] = "bystander" }));
        var before = fixture.Gateway.Get<ConnectionTable>().Count;
        await using var client = await RawClient.OpenAsync(fixture.Server, "?auth=message&rooms=lobby");
        await bystander.ChatAsync("not for strangers");
        await bystander.NextAsync("chat");

        Assert.Equal(before, fixture.Gateway.Get<ConnectionTable>().Count);
        await client.SendAsync("auth", new { token = fixture.Key.Token() });
        await client.NextAsync("welcome");
        Assert.Equal("welcome", client.All[0].Type);
        Assert.DoesNotContain(client.All, message => message.Type == "chat");
    }

    [Theory]
    [InlineData("""{"type":"auth","payload":{"token":"eyJhbGciOiJub25lIn0.e30."}}""", "Invalid token")]
    [InlineData("""{"type":"auth","payload":{}}""", "Unauthorized")]
    [InlineData("""{"type":"auth"}""", "Unauthorized")]
    [InlineData("""{"type":"chat","payload":{"content":"let me in"}}""", "Unauthorized")]
    [InlineData("{", "Unauthorized")]
    [InlineData("", "Unauthorized")]
    public async Task AnythingElseIsTheEnd(string text, string reason)
    {
        await using var client = await RawClient.OpenAsync(fixture.Server, "?auth=message");
        await client.SendTextAsync(text);

        Assert.Equal((1008, reason), await client.Closed.Within("the close"));
        Assert.Empty(client.All);
    }

    [Fact]
    public async Task TooLongAMessageIsTheEnd()
    {
        await using var client = await RawClient.OpenAsync(fixture.Server, "?auth=message");
        await client.SendTextAsync(JsonSerializer.Serialize(new { type = "auth", payload = new { token = new string('x', 40_000) } }));

        Assert.Equal(1009, (await client.Closed.Within("the close")).Code);
    }

    [Fact]
    public async Task SilenceIsTheEndToo()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => { fixture.Authority.Trust(o); o.Auth.FirstMessageTimeout = TimeSpan.FromMilliseconds(200); });
        await using var client = await RawClient.OpenAsync(gateway.Server, "?auth=message");

        Assert.Equal((1008, "Unauthorized"), await client.Closed.Within("the close"));
    }

    [Fact]
    public async Task ClientThatDoesNotAnswerTheCloseFrameIsCutOff()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            fixture.Authority.Trust(o);
            (o.Auth.FirstMessageTimeout, o.Raw.WriteWait) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
        });
        using var socket = await HandMadeSocket.OpenAsync(gateway.Server, "/ws?auth=message");

        var frames = await socket.ReadAllAsync().Within("the end");

        Assert.Equal((1008, "Unauthorized"), Assert.Single(frames).CloseStatus);
    }

    [Fact]
    public async Task OnlyTheRawEndpointWaitsForAMessage() =>
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await fixture.AskAsync(Kind.SignalR, "?auth=message")).Status);

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task LaterOnAuthIsRefusedAndRelayedToNobody(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Messages.RelayUnknown = true);
        await using var client = await Clients.ConnectAsync(kind, gateway.Server);

        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("auth", new { token = "secret" }));

        Assert.Equal(400, error.Code);
    }
}
