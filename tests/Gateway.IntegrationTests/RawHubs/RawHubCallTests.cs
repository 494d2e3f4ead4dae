using Gateway.Testing;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>Calls of a hub's methods by a client that has only a WebSocket, frame by frame.</summary>
public sealed class RawHubCallTests : IAsyncLifetime
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

    [Theory]
    // a result, and names without regard to case
    [InlineData("""{"type":"Add","payload":[2,3],"id":1}""", """{"type":"ack","id":1,"payload":5}""")]
    [InlineData("""{"type":"aDD","payload":[2,3],"id":1}""", """{"type":"ack","id":1,"payload":5}""")]
    [InlineData("""{"type":"Renamed","id":1}""", """{"type":"ack","id":1,"payload":"renamed"}""")]
    // nothing to return, nothing to take
    [InlineData("""{"type":"Nothing","id":1}""", """{"type":"ack","id":1,"payload":null}""")]
    [InlineData("""{"type":"Nothing","payload":null,"id":1}""", """{"type":"ack","id":1,"payload":null}""")]
    [InlineData("""{"type":"Nothing","payload":[ ],"id":1}""", """{"type":"ack","id":1,"payload":null}""")]
    // one parameter takes the payload itself
    [InlineData("""{"type":"Greet","payload":"ann","id":1}""", """{"type":"ack","id":1,"payload":"hello ann"}""")]
    [InlineData("""{"type":"Sorted","payload":[3,1,2],"id":1}""", """{"type":"ack","id":1,"payload":[1,2,3]}""")]
    [InlineData("""{"type":"Sum","payload":[3,1,2],"id":1}""", """{"type":"ack","id":1,"payload":6}""")]
    [InlineData("""{"type":"Sum","payload":[],"id":1}""", """{"type":"ack","id":1,"payload":0}""")]
    [InlineData(
        """{"type":"Twice","payload":{"group":"g","text":"é"},"id":1}""",
        """{"type":"ack","id":1,"payload":{"group":"g","text":"éé"}}""")]
    [InlineData("""{"type":"Maybe","payload":7,"id":1}""", """{"type":"ack","id":1,"payload":"7"}""")]
    [InlineData("""{"type":"Maybe","id":1}""", """{"type":"ack","id":1,"payload":"none"}""")]
    [InlineData("""{"type":"Noted","payload":"x","id":1}""", """{"type":"ack","id":1,"payload":"the same"}""")]
    // an own method of the name of a control message
    [InlineData("""{"type":"Cancel","id":1}""", """{"type":"ack","id":1,"payload":"not a stream"}""")]
    // fields in another order, and others
    [InlineData("""{"id":1,"extra":{},"payload":[2,3],"type":"Add"}""", """{"type":"ack","id":1,"payload":5}""")]
    public async Task MethodIsCalledAndItsResultReturned(string call, string answer) => Assert.Equal(answer, await _client.AskAsync(call));

    [Theory]
    [InlineData("1")]
    [InlineData("1.50e3")]
    [InlineData("-0")]
    [InlineData("\"a\"")]
    [InlineData("\"\\u00e9 \\\"x\\\"\"")]
    [InlineData("\"none\"")]
    [InlineData("\"\"")]
    public async Task IdReturnsByteForByte(string id)
    {
        Assert.Equal(
            $$"""{"type":"ack","id":{{id}},"payload":5}""", await _client.AskAsync($$"""{"type":"Add","payload":[2,3],"id":{{id}}}"""));
        Assert.StartsWith($$"""{"type":"error","id":{{id}},""", await _client.AskAsync($$"""{"type":"Refuse","id":{{id}}}"""));
    }

    [Theory]
    [InlineData("Refuse", 400, "no such thing")]
    [InlineData("Missing", 404, "no such order")]
    [InlineData("Boom", 500, "internal error")]
    [InlineData("Cyclic", 500, "internal error")]
    [InlineData("Secret", 403, "not allowed to call this method")]
    public async Task FailureIsAnErrorWithoutDetails(string method, int code, string message)
    {
        Assert.Equal(
            $$$"""{"type":"error","id":"x","payload":{"code":{{{code}}},"message":"{{{message}}}"}}""",
            await _client.AskAsync($$"""{"type":"{{method}}","id":"x"}"""));
        await AssertWorksAsync();
    }

    [Fact]
    public async Task CallWithoutIdIsAnsweredOnlyIfItFails()
    {
        await _client.SendTextAsync("""{"type":"Add","payload":[2,3]}""");
        Assert.Equal(
            """{"type":"error","payload":{"code":400,"message":"no such thing"}}""", await _client.AskAsync("""{"type":"Refuse"}"""));
        await _client.SendTextAsync("""{"type":"Nothing"}""");
        await AssertWorksAsync();
        Assert.True(_app.Journal.Has("nothing"));
    }

    [Fact]
    public async Task ClientAnswersACallOfTheServer()
    {
        await _client.SendTextAsync("""{"type":"Ask","payload":"who?","id":1}""");
        var question = (await _client.NextTextAsync()).Json();
        Assert.Equal("question", question.GetProperty("type").GetString());
        Assert.Equal("who?", question.GetProperty("payload").GetString());
        var id = question.GetProperty("id").GetRawText();
        Assert.Equal(
            """{"type":"ack","id":1,"payload":"a raw client"}""",
            await _client.AskAsync($$"""{"type":"result","id":{{id}},"payload":"a raw client"}"""));
    }

    [Theory]
    [InlineData("""  "error":"do not know"  """)]
    [InlineData("""  "payload":"not a number"  """)]
    public async Task RefusedOrWrongResultFailsTheServersCall(string answer)
    {
        await _client.SendTextAsync("""{"type":"AskNumber","id":1}""");
        var id = (await _client.NextTextAsync()).Json().GetProperty("id").GetRawText();
        var failed = await _client.AskAsync($$"""{"type":"result","id":{{id}},{{answer}}}""");
        Assert.StartsWith("""{"type":"error","id":1,"payload":{"code":400,"message":""", failed);
        await AssertWorksAsync();
    }

    /// <summary>As with SignalR, a client that answers for another one is cut off; the other one's answer counts.</summary>
    [Fact]
    public async Task ResultOfAnotherClientClosesThatClient()
    {
        using var other = await _app.OpenAsync();
        await _client.SendTextAsync("""{"type":"AskNumber","id":1}""");
        var id = (await _client.NextTextAsync()).Json().GetProperty("id").GetRawText();
        Assert.Equal("closed with 1011 internal error", await other.AskAsync($$"""{"type":"result","id":{{id}},"payload":1}"""));
        Assert.Equal("""{"type":"ack","id":1,"payload":2}""", await _client.AskAsync($$"""{"type":"result","id":{{id}},"payload":2}"""));
    }

    [Fact]
    public async Task PingIsAnsweredWhileAMethodRuns()
    {
        await _client.SendTextAsync("""{"type":"Wait","id":1}""");
        Assert.StartsWith("""{"type":"pong","payload":{"time":""", await _client.AskAsync("""{"type":"ping"}"""));
        Assert.StartsWith("""{"type":"ack","id":7,"payload":{"time":""", await _client.AskAsync("""{"type":"ping","id":7}"""));
    }

    [Fact]
    public async Task BigPayloadPassesInAnyFragments()
    {
        await using var app = await HubApplication.StartAsync(hub: options => options.MaximumReceiveMessageSize = 1024 * 1024);
        using var client = await app.OpenAsync();
        var text = new string('x', 900_000);
        var call = System.Text.Encoding.UTF8.GetBytes($$"""{"type":"Greet","payload":"{{text}}","id":1}""");
        for (var at = 0; at < call.Length; at += 30_000)
        {
            var part = call.AsMemory(at, Math.Min(30_000, call.Length - at));
            var opcode = at == 0 ? HandMadeSocket.Text : HandMadeSocket.Continuation;
            await client.SendAsync(opcode, part, final: at + part.Length == call.Length);
        }
        Assert.Equal($$"""{"type":"ack","id":1,"payload":"hello {{text}}"}""", await client.NextTextAsync());
    }

    [Fact]
    public async Task ItemsOfAConnectionLastFromCallToCall()
    {
        Assert.EndsWith("\"payload\":\"kept\"}", await _client.AskAsync("""{"type":"Remember","payload":"kept","id":1}"""));
        Assert.EndsWith("\"payload\":\"kept\"}", await _client.AskAsync("""{"type":"Remember","id":1}"""));
    }

    [Fact]
    public async Task DetailedErrorsAreSignalRsOwn()
    {
        await using var app = await HubApplication.StartAsync(hub: options => options.EnableDetailedErrors = true);
        using var client = await app.OpenAsync();
        const string detailed = "An unexpected error occurred invoking 'Boom' on the server. InvalidOperationException: a secret detail";
        Assert.Equal(
            $$$"""{"type":"error","id":1,"payload":{"code":500,"message":"{{{detailed}}}"}}""",
            await client.AskAsync("""{"type":"Boom","id":1}"""));
        Assert.Equal(
            """{"type":"error","id":1,"payload":{"code":400,"message":"no such thing"}}""",
            await client.AskAsync("""{"type":"Refuse","id":1}"""));
    }

    private async Task AssertWorksAsync() =>
        Assert.Equal("""{"type":"ack","id":0,"payload":5}""", await _client.AskAsync("""{"type":"Add","payload":[2,3],"id":0}"""));
}
