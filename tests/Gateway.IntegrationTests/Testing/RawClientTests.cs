using System.Net.WebSockets;
using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Testing;

public sealed class RawClientTests(StockServer stock) : IClassFixture<StockServer>
{
    [Fact]
    public async Task PayloadIsShownInTheBytesThatCame()
    {
        await using var client = await RawClient.ConnectAsync(stock.Server);

        await client.SendTextAsync("""{ "payload" : { "a" : 1.50, "b":"\u00e9" } , "type" : "chat" }""");

        Assert.Equal("""{ "a" : 1.50, "b":"\u00e9" }""", Encoding.UTF8.GetString((await client.NextAsync("chat")).Payload.Span));
    }

    [Fact]
    public async Task MessageInSeveralFragmentsIsOne()
    {
        await using var client = await RawClient.ConnectAsync(stock.Server);

        await client.SendAsync("""{"type":"chat","""u8.ToArray(), WebSocketMessageType.Text, endOfMessage: false);
        await client.SendAsync("\"payload\":1}"u8.ToArray(), WebSocketMessageType.Text);

        Assert.Equal(1, (await client.NextAsync("chat")).Json.GetInt32());
    }

    [Fact]
    public async Task OtherTypesAreSkippedAndKept()
    {
        await using var client = await RawClient.ConnectAsync(stock.Server);
        await client.SendAsync("system", 1);
        await client.SendAsync("chat", 2);

        Assert.Equal(2, (await client.NextAsync("chat")).Json.GetInt32());

        Assert.Equal(1, (await client.NextAsync("system")).Json.GetInt32());
        Assert.Equal(["welcome", "system", "chat"], client.All.Select(m => m.Type));
    }

    [Fact]
    public async Task WaitForWhatDoesNotComeSaysWhatCame()
    {
        await using var client = await RawClient.ConnectAsync(stock.Server);

        var fault = await Assert.ThrowsAsync<TimeoutException>(() => client.NextAsync("chat", TimeSpan.FromMilliseconds(50)));

        Assert.Contains("a message of type chat; so far: welcome", fault.Message);
    }

    [Fact]
    public async Task RequestThatIsAnsweredWithAnErrorThrowsIt()
    {
        await using var client = await RawClient.ConnectAsync(stock.Server);

        // comes back as the answer
        var fault = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("error", new { code = 400, message = "no" }));

        Assert.Equal((400, "no"), (fault.Code, fault.Text));
    }

    [Fact]
    public async Task RequestReturnsTheAcknowledgement()
    {
        await using var client = await RawClient.ConnectAsync(stock.Server);

        Assert.Equal(7, (await client.RequestAsync("ack", new { offset = 7 })).GetProperty("offset").GetInt32());
    }

    [Fact]
    public async Task CloseFrameTellsCodeAndReason()
    {
        await using var client = await RawClient.ConnectAsync(stock.Server);

        await client.SendTextAsync("close me");

        Assert.Equal((1008, "as you like"), await client.Closed.Within("the close"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.NextAsync("chat"));
    }

    [Fact]
    public async Task AbortLeavesNoRequestWaiting()
    {
        await using var client = await RawClient.ConnectAsync(stock.Server);
        var request = client.RequestAsync("chat", 1); // comes back under its own type: no answer

        await client.NextAsync("chat");
        client.Abort();

        await Assert.ThrowsAsync<IOException>(() => request);
        Assert.Equal((1006, null), await client.Closed.Within("the close"));
    }
}
