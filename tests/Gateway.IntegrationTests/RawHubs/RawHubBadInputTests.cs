using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>What a client sends wrongly is a named error each, and the connection goes on.</summary>
public sealed class RawHubBadInputTests : IAsyncLifetime
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
    // not an envelope
    [InlineData("", 400, "empty message")]
    [InlineData(" ", 400, "malformed JSON")]
    [InlineData("hello", 400, "malformed JSON")]
    [InlineData("""{"type":"Add","payload":[1,2]""", 400, "malformed JSON")]
    [InlineData("""{"type":"Add"} {}""", 400, "malformed JSON")]
    [InlineData("[1]", 400, "a message must be a JSON object: {\"type\":…,\"payload\":…}")]
    [InlineData("{}", 400, "type is missing")]
    [InlineData("""{"type":1}""", 400, "type must be a string")]
    [InlineData("""{"type":""}""", 400, "type must not be empty")]
    [InlineData("""{"type":"Add","type":"Add"}""", 400, "type appears twice")]
    [InlineData("""{"type":"Add","id":{}}""", 400, "id must be a string or a number")]
    [InlineData("\u001e", 400, "malformed JSON")]
    [InlineData("""{"protocol":"json","version":1}""", 400, "type is missing")]
    // not a method
    [InlineData("""{"type":"Nope"}""", 404, "unknown method: Nope")]
    [InlineData("""{"type":"ToString"}""", 404, "unknown method: ToString")]
    [InlineData("""{"type":"Dispose"}""", 404, "unknown method: Dispose")]
    [InlineData("""{"type":"get_Context"}""", 404, "unknown method: get_Context")]
    [InlineData("""{"type":"Original"}""", 404, "unknown method: Original")]
    [InlineData("""{"type":"auth","payload":{"token":"x"}}""", 404, "unknown method: auth")]
    // not its arguments
    [InlineData("""{"type":"Add"}""", 400, "Add takes 2 arguments: send an array of 2 as payload")]
    [InlineData("""{"type":"Add","payload":1}""", 400, "Add takes 2 arguments: send an array of 2 as payload")]
    [InlineData("""{"type":"Add","payload":[]}""", 400, "Add takes 2 arguments: send an array of 2 as payload")]
    [InlineData("""{"type":"Add","payload":[1,2,3]}""", 400, "Add takes 2 arguments: send an array of 2 as payload")]
    [InlineData("""{"type":"Add","payload":[1,"2"]}""", 400, "argument 2 of Add does not fit")]
    [InlineData("""{"type":"Add","payload":[1,99999999999]}""", 400, "argument 2 of Add does not fit")]
    [InlineData("""{"type":"Greet","payload":["ann"]}""", 400, "the payload does not fit the argument of Greet")]
    [InlineData("""{"type":"Sum","payload":[1,"2"]}""", 400, "the payload does not fit the argument of Sum at $[1]")]
    [InlineData("""{"type":"Twice","payload":{"group":1}}""", 400, "the payload does not fit the argument of Twice at $.group")]
    [InlineData("""{"type":"Nothing","payload":1}""", 400, "Nothing takes no arguments")]
    [InlineData("""{"type":"Nothing","payload":[1]}""", 400, "Nothing takes no arguments")]
    [InlineData("""{"type":"Nothing","payload":{}}""", 400, "Nothing takes no arguments")]
    // not a call of the server
    [InlineData("""{"type":"result","payload":1}""", 400, "result needs the id of the call")]
    [InlineData("""{"type":"cancel"}""", 400, "cancel needs the id of the call")]
    [InlineData("""{"type":"item","payload":1}""", 400, "item needs the id of the stream")]
    [InlineData("""{"type":"complete"}""", 400, "complete needs the id of the stream")]
    public async Task NamedErrorAndTheConnectionGoesOn(string message, int code, string text)
    {
        var answer = (await _client.AskAsync(message)).Json();
        Assert.Equal("error", answer.GetProperty("type").GetString());
        var payload = answer.GetProperty("payload");
        Assert.Equal((code, text), (payload.GetProperty("code").GetInt32(), payload.GetProperty("message").GetString()));
        Assert.False(answer.TryGetProperty("id", out _));
        await AssertWorksAsync();
    }

    [Theory]
    [InlineData("""{"type":"result","id":"r1","payload":1}""", "\"r1\"", "no call waits for a result with this id")]
    [InlineData("""{"type":"result","id":17,"error":"no"}""", "17", "no call waits for a result with this id")]
    [InlineData("""{"type":"item","id":"s","payload":1}""", "\"s\"", "no stream has this id")]
    public async Task AnswerToNothingIsANamedError(string message, string id, string text)
    {
        Assert.Equal(
            $$$"""{"type":"error","id":{{{id}}},"payload":{"code":404,"message":"{{{text}}}"}}""", await _client.AskAsync(message));
        await AssertWorksAsync();
    }

    [Fact]
    public async Task EndOfAStreamThatHasEndedIsNoError()
    {
        await _client.SendTextAsync("""{"type":"cancel","id":"s"}""");
        await _client.SendTextAsync("""{"type":"complete","id":"s"}""");
        await AssertWorksAsync();
    }

    [Fact]
    public async Task BinaryFrameIsANamedError()
    {
        await _client.SendAsync(HandMadeSocket.Binary, "{\"type\":\"Nothing\"}"u8.ToArray());
        Assert.Equal("""{"type":"error","payload":{"code":400,"message":"text only"}}""", await _client.NextTextAsync());
        await AssertWorksAsync();
    }

    [Fact]
    public async Task DeepPayloadIsANamedErrorFromTheApplicationsDepthOn()
    {
        var deep = new string('[', 64) + new string(']', 64);
        Assert.Contains("\"code\":400", await _client.AskAsync($$"""{"type":"Greet","payload":{{deep}}}"""), StringComparison.Ordinal);
        Assert.Contains(
            "nested deeper than 64", await _client.AskAsync($$"""{"type":"Greet","payload":[{{deep}}]}"""), StringComparison.Ordinal);
        await AssertWorksAsync();
    }

    [Fact]
    public async Task LongestMessageIsTakenAndOneByteMoreClosesWith1009()
    {
        await using var app = await HubApplication.StartAsync(hub: options => options.MaximumReceiveMessageSize = 1000);
        using var client = await app.OpenAsync();
        var call = $$"""{"type":"Length","payload":"{{new string('x', 1000 - 37)}}","id":1}""";
        Assert.Equal(1000, call.Length);
        Assert.Equal("""{"type":"ack","id":1,"payload":963}""", await client.AskAsync(call));
        Assert.Equal("closed with 1009 message too big", await client.AskAsync(call + " "));
    }

    [Fact]
    public async Task TextThatIsNotUtf8ClosesWith1007()
    {
        await _client.SendAsync(HandMadeSocket.Text, new byte[] { (byte)'"', 0xff, (byte)'"' });
        Assert.StartsWith("closed with 1007", await _client.NextTextAsync(), StringComparison.Ordinal);
    }

    /// <summary>Whatever comes, each message gets an answer or has none, and the next good call is answered.</summary>
    [Fact]
    public async Task AThousandRandomMessagesEndNeitherTheConnectionNorTheProcess()
    {
        const int seed = 20260716;
        var random = new Random(seed);
        // Small fragments have a limit of their own.
        await using var app = await HubApplication.StartAsync(options => options.RateLimit.ControlFrames.Frames = 0);
        using var client = await app.OpenAsync();
        var answers = Task.Run(async () =>
        {
            var last = "";
            while (!last.StartsWith("""{"type":"ack","id":"last",""", StringComparison.Ordinal))
            {
                last = await client.NextTextAsync();
                Assert.False(last.StartsWith("closed", StringComparison.Ordinal) || last == "the connection has ended", last);
            }
        });
        for (var i = 0; i < 1000; i++)
        {
            var message = Messages.Random(random);
            if (random.Next(10) == 0)
            {
                await client.SendAsync(HandMadeSocket.Binary, message);
                continue;
            }
            var cut = random.Next(message.Length + 1);
            await client.SendAsync(HandMadeSocket.Text, message[..cut], final: false);
            await client.SendAsync(HandMadeSocket.Continuation, message[cut..]);
        }
        await client.SendTextAsync("""{"type":"Add","payload":[2,3],"id":"last"}""");
        await answers.Within($"the answer to the last call (seed {seed})", TimeSpan.FromSeconds(60));
        using var other = await app.OpenAsync();
    }

    private async Task AssertWorksAsync() =>
        Assert.Equal("""{"type":"ack","id":0,"payload":5}""", await _client.AskAsync("""{"type":"Add","payload":[2,3],"id":0}"""));

    /// <summary>Good messages with something changed, and noise.</summary>
    private static class Messages
    {
        private static readonly string[] Good =
        [
            """{"type":"Add","payload":[2,3],"id":1}""", """{"type":"Greet","payload":"ann","id":"é"}""",
            """{"type":"Sorted","payload":[3,1,2]}""", """{"type":"Twice","payload":{"group":"g","text":"t"},"id":2}""",
            """{"type":"Count","payload":2,"id":3}""", """{"type":"Total","streams":["s"],"id":4}""",
            """{"type":"item","id":"s","payload":1}""", """{"type":"complete","id":"s"}""", """{"type":"cancel","id":3}""",
            """{"type":"result","id":"r1","payload":{}}""", """{"type":"Refuse","id":5}""", """{"type":"ping"}""",
        ];

        private const string Characters = "{}[]\",:0123e\\u\0\u001e é☃tn";

        public static byte[] Random(Random random)
        {
            var text = random.Next(8) == 0 ? Noise(random) : Good[random.Next(Good.Length)];
            for (var changes = random.Next(4); changes > 0 && text.Length > 0; changes--)
            {
                var (at, length) = (random.Next(text.Length), random.Next(4));
                text = text.Remove(at, Math.Min(length, text.Length - at)).Insert(at, random.Next(3) == 0 ? Noise(random) : "");
            }
            // A lone surrogate would not be UTF-8.
            return Encoding.UTF8.GetBytes(text);
        }

        private static string Noise(Random random) =>
            new([.. Enumerable.Range(0, random.Next(6)).Select(_ => Characters[random.Next(Characters.Length)])]);
    }
}
