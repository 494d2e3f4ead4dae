using System.Text.Json;
using Gateway.Core.Messages;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Turns the arguments of <c>SendAsync</c> into a message, and what a client returned into a result. The application's own <c>json</c> hub
/// protocol does both, so its options and converters apply, and the bytes are those that it would have written.
/// </summary>
internal sealed class HubPayloads(IHubProtocolResolver protocols)
{
    private const byte RecordSeparator = 0x1e;

    // The application may allow more depth than the reader's default; what it wrote is read here once more, to find its arguments.
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = 100_000 };

    private readonly IHubProtocol _json = protocols.GetProtocol("json", supportedProtocols: null)
        ?? throw new InvalidOperationException("SignalR's JSON protocol is missing. Call AddSignalR, or AddJsonProtocol.");

    /// <summary>A single argument is the payload. None or several are sent as an argument list.</summary>
    public Message Message(string method, object?[] args)
    {
        var record = _json.GetMessageBytes(new InvocationMessage(method, args));
        var arguments = record[ArgumentsOf(record.Span)];
        return args.Length == 1
            ? new Message(method, arguments[1..^1])
            : new Message(method, arguments) { IsArgumentList = true };
    }

    /// <summary>Writes a result that a protocol has read already, for another replica.</summary>
    public ReadOnlyMemory<byte> Result(object? value) => Message("result", [value]).Payload;

    /// <summary>Reads what a client returned to another replica.</summary>
    /// <exception cref="HubException">It does not fit the type.</exception>
    public T Result<T>(ReadOnlyMemory<byte> value)
    {
        var json = value.IsEmpty ? "null"u8 : value.Span;
        byte[] record = [.. """{"type":3,"invocationId":"1","result":"""u8, .. json, (byte)'}', RecordSeparator];
        var input = new System.Buffers.ReadOnlySequence<byte>(record);
        if (!_json.TryParseMessage(ref input, new ResultBinder(typeof(T)), out var message) || message is not CompletionMessage completion)
            throw new HubException("The client's result cannot be read.");
        return completion.Error == null ? (T)completion.Result! : throw new HubException(completion.Error);
    }

    private static Range ArgumentsOf(ReadOnlySpan<byte> record)
    {
        var reader = new Utf8JsonReader(record.TrimEnd(RecordSeparator), AnyDepth);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("arguments"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found) return start..(int)reader.BytesConsumed;
        }
        throw new InvalidOperationException("The application's JSON protocol has written an invocation without arguments.");
    }

    private sealed class ResultBinder(Type type) : IInvocationBinder
    {
        public Type GetReturnType(string invocationId) => type;

        public IReadOnlyList<Type> GetParameterTypes(string methodName) => throw new NotSupportedException();

        public Type GetStreamItemType(string streamId) => throw new NotSupportedException();
    }
}
