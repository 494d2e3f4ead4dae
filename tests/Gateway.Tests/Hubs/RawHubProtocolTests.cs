using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.AspNetCore.Hubs;
using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Hubs;

/// <summary>The raw dialect of an application's hub: each message beside its bytes.</summary>
public sealed class RawHubProtocolTests
{
    private static readonly JsonSerializerOptions Json = new JsonHubProtocolOptions().PayloadSerializerOptions;

    private readonly RawHubProtocol _protocol = new(RawHubMethods.Of(typeof(PageHub)), Json, detailedErrors: false, NullLogger.Instance);
    private readonly Binder _binder = new();

    [Theory]
    [InlineData("""{"type":"SendMessage","payload":["ann","hi"],"id":1}""", "invocation 1 SendMessage(\"ann\",\"hi\")")]
    [InlineData("""{"type":"sendmessage","payload":["ann",null]}""", "invocation none SendMessage(\"ann\",null)")]
    [InlineData("""{"type":"S\u0065ndMessage","payload":["a","b"],"id":"\u00e9"}""", "invocation \"\\u00e9\" SendMessage(\"a\",\"b\")")]
    [InlineData("""{"type":"Sum","payload":[1,2],"id":1.50e3}""", "invocation 1.50e3 Sum([1,2])")]
    [InlineData("""{"type":"Clear"}""", "invocation none Clear()")]
    [InlineData("""{"type":"Countdown","payload":3,"id":"c"}""", "stream \"c\" Countdown(3)")]
    [InlineData("""{"type":"Upload","payload":"a","streams":["s",7],"id":2}""", "invocation 2 Upload(\"a\") <\"s\" <7")]
    [InlineData("""{"type":"item","id":"open","payload":"x"}""", "item \"open\" \"x\"")]
    [InlineData("""{"type":"complete","id":"open"}""", "completion \"open\"")]
    [InlineData("""{"type":"complete","id":"open","error":"why"}""", "completion \"open\" failed: why")]
    [InlineData("""{"type":"cancel","id":"c"}""", "cancel \"c\"")]
    [InlineData("""{"type":"Cancel","id":"c"}""", "invocation \"c\" Cancel()")]
    [InlineData("""{"type":"result","id":"r1","payload":21.5}""", "completion r1 21.5")]
    [InlineData("""{"type":"result","id":"r1"}""", "completion r1 failed: Error trying to deserialize result to Double.")]
    [InlineData("""{"type":"result","id":"r1","error":"no","payload":1}""", "completion r1 failed: no")]
    [InlineData("""{"type":"result","id":"raw","payload":{"a": [1 ]}}""", "completion raw raw:{\"a\": [1 ]}")]
    [InlineData("""{"type":"Nope","id":3}""", "refused 3: 404: unknown method: Nope")]
    [InlineData("""{"id":3}""", "refused 3: 400: type is missing")]
    [InlineData("nonsense", "refused none: 400: malformed JSON")]
    public void Reads(string message, string expected) => Assert.StartsWith(expected, Describe(Read(message)), StringComparison.Ordinal);

    [Fact]
    public void Writes()
    {
        Assert.Equal(
            """{"type":"ack","id":1.50e3,"payload":{"text":"é<>"}}""", Write(CompletionMessage.WithResult("1.50e3", new { Text = "é<>" })));
        Assert.Equal("""{"type":"ack","id":"é","payload":null}""", Write(CompletionMessage.Empty("\"é\"")));
        Assert.Equal("""{"type":"item","id":1,"payload":[1,2]}""", Write(new StreamItemMessage("1", new[] { 1, 2 })));
        Assert.Equal("""{"type":"poke","payload":null}""", Write(new InvocationMessage("poke", [])));
        Assert.Equal("""{"type":"moved","payload":{"x":1}}""", Write(new InvocationMessage("moved", [new { X = 1 }])));
        Assert.Equal("""{"type":"two","payload":[1,null]}""", Write(new InvocationMessage("two", [1, null])));
        Assert.Equal("""{"type":"ask","payload":1,"id":"r\"1"}""", Write(new InvocationMessage("r\"1", "ask", [1])));
        Assert.Equal("closed", Write(CloseMessage.Empty));
        Assert.Equal("failed", Write(new CloseMessage("Connection closed with an error.")));
        Assert.Empty(Write(PingMessage.Instance));
        Assert.Empty(Write(CompletionMessage.WithResult("none", 1)));
    }

    [Theory]
    [InlineData("An unexpected error occurred invoking 'M' on the server.", 500, "internal error")]
    [InlineData("An unexpected error occurred invoking 'M' on the server. HubException: no: such", 400, "no: such")]
    [InlineData("An unexpected error occurred invoking 'M' on the server. HubException: 404: no such", 404, "no such")]
    [InlineData("An unexpected error occurred invoking 'M' on the server. OwnException: mine", 400, "mine")]
    [InlineData("An unexpected error occurred invoking 'M' on the server. HubException: 200: ok", 400, "200: ok")]
    [InlineData("An error occurred on the server while streaming results.", 500, "internal error")]
    [InlineData("An error occurred on the server while streaming results. HubException: over", 400, "over")]
    [InlineData("Failed to invoke '' due to an error on the server. HubException: 400: text only", 400, "text only")]
    [InlineData("Failed to invoke 'M' because user is unauthorized", 403, "not allowed to call this method")]
    [InlineData("Invocation ID '1' is already in use.", 409, "a stream with this id is running")]
    [InlineData("a sentence of a later version", 400, "a sentence of a later version")]
    public void ErrorHasTheExceptionsTextOnly(string text, int code, string message)
    {
        var payload = $$"""{"code":{{code}},"message":"{{message}}"}""";
        Assert.Equal($$"""{"type":"error","id":"x","payload":{{payload}}}""", Write(CompletionMessage.WithError("\"x\"", text)));
        Assert.Equal($$"""{"type":"error","payload":{{payload}}}""", Write(CompletionMessage.WithError("none", text)));
    }

    [Fact]
    public void ResultThatCannotBeSerializedIsAnInternalError()
    {
        var cycle = new Dictionary<string, object>();
        cycle["self"] = cycle;
        Assert.Equal(
            """{"type":"error","id":1,"payload":{"code":500,"message":"internal error"}}""",
            Write(CompletionMessage.WithResult("1", cycle)));
    }

    [Fact]
    public void MessagesAreReadFromAnyPieces()
    {
        var bytes = new ArrayBufferWriter<byte>();
        RawHubRecord.WriteMessage(bytes, """{"type":"Clear","id":1}"""u8, isText: true);
        RawHubRecord.WriteMessage(bytes, """{"type":"Clear","id":2}"""u8, isText: false);
        RawHubRecord.WriteMessage(bytes, [], isText: true);
        for (var cut = 1; cut < bytes.WrittenCount; cut++)
        {
            var input = InTwo(bytes.WrittenMemory, cut);
            var read = new List<string>();
            while (_protocol.TryParseMessage(ref input, _binder, out var message)) read.Add(Describe(message));
            Assert.Equal(["invocation 1 Clear()", "refused none: 400: text only", "refused none: 400: empty message"], read);
            Assert.True(input.IsEmpty);
        }
        for (var length = 0; length < 10; length++)
        {
            var part = new ReadOnlySequence<byte>(bytes.WrittenMemory[..length]);
            Assert.False(_protocol.TryParseMessage(ref part, _binder, out _));
            Assert.Equal(length, part.Length);
        }
    }

    /// <summary>docs/raw-hub.md shows only what the protocol reads and what it could have written.</summary>
    [Fact]
    public void ExamplesOfThePageHold()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "raw-hub.md"));
        var (sent, received) = (lines.Where(line => line.StartsWith('→')).ToList(), lines.Where(line => line.StartsWith('←')).ToList());
        Assert.True(sent.Count >= 7 && received.Count >= 7, $"{sent.Count} sent, {received.Count} received");
        Assert.All(sent, line =>
        {
            _binder.IsOpen = line.Contains("\"item\"", StringComparison.Ordinal);
            Assert.False(Read(line[2..]) is InvocationBindingFailureMessage, line);
        });
        Assert.All(received, line => Assert.Equal(
            ["type", .. (string[])(line.Contains("\"id\"", StringComparison.Ordinal) ? ["id", "payload"] : ["payload"])],
            JsonDocument.Parse(line[2..]).RootElement.EnumerateObject().Select(field => field.Name)
                .OrderBy(name => name is "type" ? 0 : name is "id" ? 1 : 2)));
    }

    private HubMessage Read(string message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        RawHubRecord.WriteMessage(bytes, Encoding.UTF8.GetBytes(message), isText: true);
        var input = new ReadOnlySequence<byte>(bytes.WrittenMemory);
        Assert.True(_protocol.TryParseMessage(ref input, _binder, out var read));
        Assert.True(input.IsEmpty);
        return read;
    }

    private string Write(HubMessage message)
    {
        var records = _protocol.GetMessageBytes(message);
        if (records.IsEmpty) return "";
        Assert.True(RawHubRecord.TryRead(ref records, out var record));
        Assert.True(records.IsEmpty);
        return Encoding.UTF8.GetString(record.Span);
    }

    private static string Describe(HubMessage message) => message switch
    {
        InvocationMessage call => $"invocation {call.InvocationId} {Call(call)}",
        StreamInvocationMessage call => $"stream {call.InvocationId} {Call(call)}",
        StreamItemMessage item => $"item {item.InvocationId} {JsonSerializer.Serialize(item.Item, Json)}",
        CancelInvocationMessage cancel => $"cancel {cancel.InvocationId}",
        CompletionMessage { Error: { } error } failed => $"completion {failed.InvocationId} failed: {error}",
        CompletionMessage { Result: RawResult raw } done =>
            $"completion {done.InvocationId} raw:{Encoding.UTF8.GetString(raw.RawSerializedData.ToArray())}",
        CompletionMessage { HasResult: true } done => $"completion {done.InvocationId} {JsonSerializer.Serialize(done.Result, Json)}",
        CompletionMessage done => $"completion {done.InvocationId}",
        InvocationBindingFailureMessage failure => $"refused {failure.InvocationId}: {failure.BindingFailure.SourceException.Message}",
        _ => message.GetType().Name,
    };

    private static string Call(HubMethodInvocationMessage call) =>
        $"{call.Target}({string.Join(',', call.Arguments.Select(argument => JsonSerializer.Serialize(argument, Json)))})"
            + string.Concat((call.StreamIds ?? []).Select(id => " <" + id));

    private static ReadOnlySequence<byte> InTwo(ReadOnlyMemory<byte> bytes, int cut)
    {
        var first = new Piece(bytes[..cut], 0);
        var second = first.Append(bytes[cut..]);
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }

    private sealed class Binder : IInvocationBinder
    {
        public bool IsOpen { get; set; }

        public Type GetReturnType(string invocationId) => invocationId switch
        {
            "r1" => typeof(double),
            "raw" => typeof(RawResult),
            _ => throw new InvalidOperationException("Unknown invocation ID."),
        };

        public IReadOnlyList<Type> GetParameterTypes(string methodName) => methodName switch
        {
            "SendMessage" => [typeof(string), typeof(string)],
            "Sum" => [typeof(int[])],
            "Countdown" => [typeof(int)],
            "Upload" => [typeof(string)],
            _ => [],
        };

        public Type GetStreamItemType(string streamId) =>
            streamId == "\"open\"" || IsOpen ? typeof(string) : throw new KeyNotFoundException();
    }

    private sealed class PageHub : Hub
    {
        public void SendMessage(string user, string text)
        {
        }

        public int Sum(int[] numbers) => numbers.Sum();

        public void Clear()
        {
        }

        public void Cancel()
        {
        }

        public IAsyncEnumerable<int> Countdown(int from) => throw new NotSupportedException();

        public Task Upload(string name, IAsyncEnumerable<string> lines, IAsyncEnumerable<string> more) => Task.CompletedTask;
    }
}
