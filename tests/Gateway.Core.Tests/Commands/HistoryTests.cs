using System.Text.Json;

namespace Gateway.Core.Tests.Commands;

public sealed class HistoryTests : IDisposable
{
    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Theory]
    [InlineData("""{"room":"r"}""", "1 2 3 4 5", false)]
    [InlineData("""{"room":"r","limit":2}""", "4 5", true)]
    [InlineData("""{"room":"r","limit":2,"before":4}""", "2 3", true)]
    [InlineData("""{"room":"r","before":2}""", "1", false)]
    [InlineData("""{"room":"r","limit":2,"after":1}""", "2 3", true)]
    [InlineData("""{"room":"r","after":5}""", "", false)]
    [InlineData("""{"room":"r","after":1,"before":5,"limit":2}""", "2 3", true)]
    public async Task IsReadInPages(string payload, string offsets, bool more)
    {
        var ada = await _core.ConnectAsync(["r"]);
        for (var i = 1; i <= 5; i++) await ada.DoAsync("chat", $$"""{"room":"r","content":"{{i}}"}""");

        var answer = JsonDocument.Parse(await ada.DoAsync("history", payload)).RootElement;

        var messages = answer.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(offsets, string.Join(' ', messages.Select(m => m.GetProperty("offset").GetInt64())));
        Assert.Equal(more, answer.GetProperty("more").GetBoolean());
        Assert.All(
            messages, m => Assert.Equal(m.GetProperty("offset").GetInt64(), m.GetProperty("payload").GetProperty("offset").GetInt64()));
    }

    [Fact]
    public async Task HoldsTheBytesThatWereSent()
    {
        var ada = await _core.ConnectAsync(["r"]);
        await ada.DoAsync("chat", """{"room":"r","content":"grüß 😀"}""");
        await ada.HasAsync("chat", 1);

        Assert.Contains(
            "\"payload\":" + ada.PayloadsOf("chat")[0], await ada.DoAsync("history", """{"room":"r"}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"room":"elsewhere"}""", "403: not in room elsewhere")]
    [InlineData("""{"room":"metrics"}""", "404: room metrics keeps no history")]
    [InlineData("""{"room":"r","limit":0}""", "400: limit must be a whole number from 1 to 1000")]
    [InlineData("""{"room":"r","limit":1001}""", "400: limit must be a whole number from 1 to 1000")]
    [InlineData("""{"room":"r","before":0}""", "400: before must be a whole number of at least 1")]
    [InlineData("""{"room":"r","after":"x"}""", "400: after must be a whole number of at least 0")]
    [InlineData("""{"room":"a b"}""", "400: room must not contain white space, control characters or *")]
    public async Task InvalidRequestIsRefused(string payload, string error)
    {
        var ada = await _core.ConnectAsync(["r", "metrics"]);

        Assert.Equal(error, await ada.FailAsync("history", payload));
    }

    [Theory]
    [InlineData("chat", """{"room":"r","content":"hello","message_id":"m"}""")]
    [InlineData("cursor", """{"room":"r","x":1,"message_id":"m"}""")]
    public async Task MessageSentAgainIsPublishedOnceAndAnsweredAlike(string type, string payload)
    {
        var ada = await _core.ConnectAsync(["r"], "ada");
        var first = await ada.DoAsync(type, payload);

        Assert.Equal(first, await ada.DoAsync(type, payload));
        // on another connection of the user's, too
        Assert.Equal(first, await (await _core.ConnectAsync(["r"], "ada")).DoAsync(type, payload));
        Assert.NotEqual(first, await (await _core.ConnectAsync(["r"], "bob")).DoAsync(type, payload)); // another user's id is another id

        await ada.HasAsync(type, 2);
        Assert.Equal([1, 2], ada.OffsetsOf(type));
    }
}
