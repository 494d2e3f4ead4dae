using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>A stranger may send anything: he gets a clear answer, and nobody else notices.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private EmbeddedGateway _gateway = null!;
    private RawClient _bystander = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await EmbeddedGateway.StartAsync();
        _bystander = await RawClient.ConnectAsync(_gateway.Server);
    }

    public async ValueTask DisposeAsync()
    {
        await _bystander.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    public static TheoryData<string, string> Messages() => new()
    {
        { "", "empty message" },
        { "   ", "malformed JSON" },
        { "{", "malformed JSON" },
        { "hello", "malformed JSON" },
        { """{"type":"ping"} {}""", "malformed JSON" },
        { """{"type":"ping",}""", "malformed JSON" },
        { """{'type':'ping'}""", "malformed JSON" },
        { """{"type":"ping"/**/}""", "malformed JSON" },
        { "null", "a message must be a JSON object: {\"type\":…,\"payload\":…}" },
        { "[1,2]", "a message must be a JSON object: {\"type\":…,\"payload\":…}" },
        { "{}", "type is missing" },
        { """{"payload":{}}""", "type is missing" },
        { """{"type":null}""", "type must be a string" },
        { """{"type":5}""", "type must be a string" },
        { """{"type":""}""", "type must not be empty" },
        { """{"type":"shout"}""", "unknown message type: shout" },
        { """{"type":"welcome","payload":{}}""", "unknown message type: welcome" },
        { """{"type":"ping","type":"ping"}""", "type appears twice" },
        { """{"type":"ping","payload":1,"payload":2}""", "payload appears twice" },
        { """{"type":"ping","id":{}}""", "id must be a string or a number" },
        { """{"type":"ping","id":true}""", "id must be a string or a number" },
        { """{"type":"\ud800"}""", "a string holds half a surrogate pair" },
        { """{"type":"ping","id":"\udfff"}""", "a string holds half a surrogate pair" },
        { """{"type":"chat"}""", "content is missing" },
        { """{"type":"chat","payload":"hello"}""", "payload must be an object" },
        { """{"type":"chat","payload":[]}""", "payload must be an object" },
        { """{"type":"chat","payload":{"content":5}}""", "content must be a string" },
        { """{"type":"chat","payload":{"content":null}}""", "content is missing" },
        { """{"type":"chat","payload":{"content":"a","content":"b"}}""", "content appears twice" },
        { """{"type":"chat","payload":{"content":"\ud83d"}}""", "content holds half a surrogate pair" },
        { """{"type":"chat","payload":{"content":"a","room":1e999}}""", "room must be a string" },
        { """{"type":"chat","payload":{"content":"a","room":""}}""", "room must not be empty" },
        { """{"type":"join","payload":{"room":"a b"}}""", "room must not contain white space, control characters or *" },
        { """{"type":"join","payload":{"room":"*"}}""", "room must not contain white space, control characters or *" },
        { """{"type":"presence","payload":{"status":"x","room":"lobby"}}""", "a status holds in all rooms: leave room out" },
        {
            """{"type":"chat","payload":{"content":"a","x":""" + new string('[', 40) + new string(']', 40) + "}}",
            "JSON is nested deeper than 32 levels"
        },
        { """{"type":"ping","x":""" + new string('[', 70) + new string(']', 70) + "}", "JSON is nested deeper than 32 levels" },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task BadMessageGetsAClearErrorAndTheConnectionStaysOpen(string text, string expected)
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);

        await client.SendTextAsync(text);

        var error = await client.NextAsync("error");
        Assert.Equal((400, expected), (error.Json.GetProperty("code").GetInt32(), error.Text("message")));
        await AssertEveryoneIsServedAsync(client);
    }

    [Fact]
    public async Task BinaryFrameIsRefused()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);

        await client.SendAsync(new byte[] { 1, 2, 3 }, System.Net.WebSockets.WebSocketMessageType.Binary);

        Assert.Equal("text only", (await client.NextAsync("error")).Text("message"));
        await AssertEveryoneIsServedAsync(client);
    }

    [Fact]
    public async Task ErrorCarriesTheCorrelationId()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);

        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("chat", new { content = 1 }));

        Assert.Equal((400, "content must be a string"), (error.Code, error.Text));
    }

    [Fact]
    public async Task OversizeMessageClosesWith1009()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);

        await client.SendTextAsync("""{"type":"chat","payload":{"content":" """ + new string('x', 100_000) + "\"}}");

        Assert.Equal((1009, "message too big"), await client.Closed.Within("the close"));
        await AssertEveryoneIsServedAsync();
    }

    [Fact]
    public async Task MessageOfExactlyTheLimitIsTaken()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server);
        const string Head = """{"type":"chat","payload":{"content":" """, Tail = "\"}}";

        await client.SendTextAsync(Head + new string('x', 32768 - Head.Length - Tail.Length) + Tail);

        Assert.Equal(32768 - Head.Length - Tail.Length + 1, (await client.NextAsync("chat")).Text("content")!.Length);
    }

    public static TheoryData<string, byte[], int> BrokenFrames() => new()
    {
        { "invalid UTF-8", Frame(HandMadeSocket.Text, [0xff, 0xfe]), 1007 },
        { "UTF-8 cut short", Frame(HandMadeSocket.Text, [0xc3]), 1007 },
        { "reserved bit", [0xc1, 0x80, 0, 0, 0, 0], 1002 },
        { "unmasked", [0x81, 0x04, .. "ping"u8], 1002 },
        { "unknown opcode", [0x83, 0x80, 0, 0, 0, 0], 1002 },
        { "continuation of nothing", Frame(HandMadeSocket.Continuation, [1]), 1002 },
        { "fragmented ping", [0x09, 0x80, 0, 0, 0, 0], 1002 },
    };

    [Theory]
    [MemberData(nameof(BrokenFrames))]
    public async Task BrokenProtocolIsClosedWithTheRfcsCode(string what, byte[] bytes, int code)
    {
        using var client = await HandMadeSocket.OpenAsync(_gateway.Server, "/ws");

        await client.SendBytesAsync(bytes);

        var last = (await client.ReadAllAsync())[^1];
        Assert.True(last.CloseStatus.Code == code, $"{what}: {last.CloseStatus}");
        await AssertEveryoneIsServedAsync();
    }

    [Fact]
    public async Task AllOfItAtOnceFromManyIsNotNoticedByOthers()
    {
        var attackers = Messages().Select(row => row.Data.Item1).Concat(["x".PadRight(40_000, 'x')]).ToList();
        await Parallel.ForEachAsync(Enumerable.Range(0, 20), async (_, _) =>
        {
            await using var client = await RawClient.ConnectAsync(_gateway.Server);
            foreach (var text in attackers) await client.SendTextAsync(text);
            await client.Closed.Within("the close of the oversize one");
        });

        await AssertEveryoneIsServedAsync();
    }

    public static TheoryData<string, object?[], string> Calls() => new()
    {
        { "Chat", [new { content = 5 }], "400: content must be a string" },
        { "Chat", [null], "400: content is missing" },
        { "Chat", ["text"], "400: payload must be an object" },
        { "Chat", [], "400: Chat takes one argument" },
        { "Chat", [new { content = "a" }, 2], "400: Chat takes one argument" },
        { "Send", [5, 6], "400: Send takes 2 arguments, of which the first is a string" },
        { "Send", ["shout", 1], "400: unknown message type: shout" },
        { "Shout", [1], "Method does not exist." },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task BadCallGetsAHubExceptionThatSaysWhatIsWrong(string method, object?[] arguments, string expected)
    {
        await using var client = await SignalRClient.ConnectAsync(_gateway.Server);

        var fault = await Assert.ThrowsAsync<Microsoft.AspNetCore.SignalR.HubException>(
            () => Microsoft.AspNetCore.SignalR.Client.HubConnectionExtensions.InvokeCoreAsync(
                client.Hub, method, arguments!).Within("the refusal"));

        Assert.EndsWith(expected, fault.Message);
        if (expected.StartsWith("400", StringComparison.Ordinal)) Assert.Contains($"'{method}'", fault.Message, StringComparison.Ordinal);
        await AssertEveryoneIsServedAsync(client);
    }

    private static byte[] Frame(byte opcode, byte[] payload) =>
        [(byte)(0x80 | opcode), (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];

    private async Task AssertEveryoneIsServedAsync(IChatClient? alsoThis = null)
    {
        var mark = Guid.NewGuid().ToString();
        await (alsoThis ?? _bystander).ChatAsync(mark);
        while ((await _bystander.NextAsync("chat")).Text("content") != mark)
        {
        }
    }
}
