using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Testing;

public sealed class SignalRClientTests(StockServer stock) : IClassFixture<StockServer>
{
    [Fact]
    public async Task PayloadIsShownInTheBytesThatCame()
    {
        await using var client = await SignalRClient.ConnectAsync(stock.Server);

        await client.RequestAsync("chat", System.Text.Json.JsonDocument.Parse("""{"content":1.50,"b":[1e2]}""").RootElement);

        // 1.5 and 100, had anyone parsed it
        Assert.Equal("""{"content":1.50,"b":[1e2]}""", Encoding.UTF8.GetString((await client.NextAsync("chat")).Payload.Span));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(30_000)]
    public async Task RecordsAreToldApartHoweverTheyArrive(int length)
    {
        await using var client = await SignalRClient.ConnectAsync(stock.Server);
        var contents = Enumerable.Range(0, 20).Select(i => $"{i}-".PadRight(length, 'x')).ToList();

        await Task.WhenAll(contents.Select(content => client.RequestAsync("chat", new { content })));

        var received = new List<string?>();
        foreach (var _ in contents) received.Add((await client.NextAsync("chat")).Text("content"));
        Assert.Equal(contents.Order(), received.Order());
    }

    [Fact]
    public async Task OtherTargetsAreSkippedAndKept()
    {
        await using var client = await SignalRClient.ConnectAsync(stock.Server);

        Assert.Equal(1, (await client.RequestAsync("chat", new { content = 1 })).GetProperty("offset").GetInt32());
        await client.NextAsync("chat");

        Assert.Equal("first", (await client.NextAsync("system")).Text("event"));
        Assert.Equal(["welcome", "system", "chat"], client.All.Select(m => m.Type));
    }

    [Fact]
    public async Task SeveralArgumentsAreTheirList()
    {
        await using var client = await SignalRClient.ConnectAsync(stock.Server);

        await client.RequestAsync("direct", 1);

        Assert.Equal("[1,2]", Encoding.UTF8.GetString((await client.NextAsync("direct")).Payload.Span));
    }

    [Fact]
    public async Task RefusedCallThrowsCodeAndText()
    {
        await using var client = await SignalRClient.ConnectAsync(stock.Server);

        var fault = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("chat", new { }));

        Assert.Equal((400, "content is missing"), (fault.Code, fault.Text));
    }

    [Fact]
    public async Task EndOfTheConnectionIsTold()
    {
        await using var client = await SignalRClient.ConnectAsync(stock.Server);

        await Assert.ThrowsAnyAsync<Exception>(() => client.RequestAsync("leave", 1));

        await client.Closed.Within("the close");
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.NextAsync("chat"));
    }
}
