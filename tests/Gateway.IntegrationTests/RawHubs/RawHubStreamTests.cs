using Gateway.Testing;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>Streams from a hub to a raw client, and from the client to the hub.</summary>
public sealed class RawHubStreamTests : IAsyncLifetime
{
    private HubApplication _app = null!;
    private HandMadeSocket _client = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await HubApplication.StartAsync();
        _client = await _app.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task ItemsArriveInOrderAndThenTheAck()
    {
        await _client.SendTextAsync("""{"type":"Count","payload":3,"id":"c"}""");
        foreach (var number in new[] { 1, 2, 3 })
            Assert.Equal($$"""{"type":"item","id":"c","payload":{{number}}}""", await _client.NextTextAsync());
        Assert.Equal("""{"type":"ack","id":"c","payload":null}""", await _client.NextTextAsync());
    }

    [Fact]
    public async Task ChannelIsAStreamToo()
    {
        Assert.Equal("""{"type":"item","id":1,"payload":"a"}""", await _client.AskAsync("""{"type":"Letters","payload":"ab","id":1}"""));
        Assert.Equal("""{"type":"item","id":1,"payload":"b"}""", await _client.NextTextAsync());
        Assert.Equal("""{"type":"ack","id":1,"payload":null}""", await _client.NextTextAsync());
    }

    [Fact]
    public async Task ClientCancelsAStream()
    {
        Assert.Equal("""{"type":"item","id":1,"payload":0}""", await _client.AskAsync("""{"type":"Endless","id":1}"""));
        await _client.SendTextAsync("""{"type":"cancel","id":1}""");
        string last;
        while ((last = await _client.NextTextAsync()).StartsWith("""{"type":"item",""", StringComparison.Ordinal))
        {
        }
        Assert.Equal("""{"type":"ack","id":1,"payload":null}""", last);
        await Deadline.Until(() => _app.Journal.Has("endless ended"), "the method notices");
    }

    [Fact]
    public async Task StreamEndsWithItsClient()
    {
        await _client.AskAsync("""{"type":"Endless","id":1}""");
        _client.Dispose();
        await Deadline.Until(() => _app.Journal.Has("endless ended"), "the method notices");
    }

    [Fact]
    public async Task BrokenStreamEndsWithAnError()
    {
        Assert.Equal("""{"type":"item","id":1,"payload":1}""", await _client.AskAsync("""{"type":"Broken","id":1}"""));
        Assert.Equal("""{"type":"error","id":1,"payload":{"code":400,"message":"the stream is broken"}}""", await _client.NextTextAsync());
    }

    [Fact]
    public async Task StreamNeedsAnIdOfItsOwn()
    {
        Assert.Equal(
            """{"type":"error","payload":{"code":400,"message":"Count returns a stream: call it with an id"}}""",
            await _client.AskAsync("""{"type":"Count","payload":3}"""));
    }

    [Fact]
    public async Task ClientStreamsToTheHub()
    {
        await _client.SendTextAsync("""{"type":"Total","streams":["n"],"id":1}""");
        await _client.SendTextAsync("""{"type":"item","id":"n","payload":2}""");
        await _client.SendTextAsync("""{"type":"item","id":"n","payload":40}""");
        Assert.Equal("""{"type":"ack","id":1,"payload":42}""", await _client.AskAsync("""{"type":"complete","id":"n"}"""));
    }

    [Fact]
    public async Task StreamsRunBothWaysAtOnce()
    {
        await _client.SendTextAsync("""{"type":"Shout","payload":"!","streams":[5],"id":1}""");
        Assert.Equal("""{"type":"item","id":1,"payload":"A!"}""", await _client.AskAsync("""{"type":"item","id":5,"payload":"a"}"""));
        Assert.Equal("""{"type":"item","id":1,"payload":"B!"}""", await _client.AskAsync("""{"type":"item","id":5,"payload":"b"}"""));
        Assert.Equal("""{"type":"ack","id":1,"payload":null}""", await _client.AskAsync("""{"type":"complete","id":5}"""));
    }

    [Fact]
    public async Task ClientsFailureReachesTheMethod()
    {
        await _client.SendTextAsync("""{"type":"Total","streams":["n"],"id":1}""");
        Assert.StartsWith(
            """{"type":"error","id":1,"payload":{"code":400,""",
            await _client.AskAsync("""{"type":"complete","id":"n","error":"gave up"}"""));
    }

    [Theory]
    [InlineData("""{"type":"item","id":"n","payload":"two"}""", "400")] // the method's stream fails
    [InlineData("""{"type":"item","id":"other","payload":2}""", "404")]
    [InlineData("""{"type":"Total","streams":["n"],"id":"other"}""", "409")]
    public async Task WrongItemIsANamedError(string message, string code)
    {
        await _client.SendTextAsync("""{"type":"Total","streams":["n"],"id":1}""");
        Assert.Contains($"\"code\":{code},", await _client.AskAsync(message), StringComparison.Ordinal);
        Assert.Equal("""{"type":"ack","id":0,"payload":5}""", await _client.AskAsync("""{"type":"Add","payload":[2,3],"id":0}"""));
    }

    [Theory]
    [InlineData("""{"type":"Total","id":1}""")]
    [InlineData("""{"type":"Total","streams":["a","b"],"id":1}""")]
    [InlineData("""{"type":"Nothing","streams":["a"],"id":1}""")]
    [InlineData("""{"type":"Total","streams":"a","id":1}""")]
    [InlineData("""{"type":"Total","streams":[{}],"id":1}""")]
    public async Task WrongStreamsAreANamedError(string call)
    {
        Assert.StartsWith("""{"type":"error","id":1,"payload":{"code":400,""", await _client.AskAsync(call));
        Assert.Equal("""{"type":"ack","id":0,"payload":5}""", await _client.AskAsync("""{"type":"Add","payload":[2,3],"id":0}"""));
    }
}
