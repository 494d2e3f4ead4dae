using System.Text.Json;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>
/// Writes a message in the format of each dialect. The payload's bytes are the same in all of them. An opaque message of the dialect
/// <c>frames</c> is only its data, in a frame of its opcode.
/// <code>
/// raw       {"type":T,"payload":P,"sender":{"user_id":U,"username":N}?}
/// SignalR   {"type":1,"target":T,"arguments":[P],"headers":{"sender_user_id":U,"sender_username":N}?}␞
/// </code>
/// The SignalR format is an Invocation of the SignalR JSON protocol, terminated by U+001E. Only messages of custom types have a sender. In
/// SignalR it is in the headers, because clients do not call a handler of one argument if there are two.
/// </summary>
internal static class MessageWriter
{
    private const byte RecordSeparator = 0x1e;

    /// <summary>Returns the payload for clients: with the offset that the backplane assigned, if the message carries one.</summary>
    public static ReadOnlyMemory<byte> CompletePayload(Message message, Position position) =>
        message.CarriesOffset && position.Offset > 0 ? OffsetField.Append(message.Payload.Span, position.Offset) : message.Payload;

    /// <param name="payload">From <see cref="CompletePayload"/>.</param>
    public static byte[] Write(Message message, ReadOnlyMemory<byte> payload, FrameFormat format) => format switch
    {
        FrameFormat.RawWebSocket => WriteRaw(message, payload),
        FrameFormat.Frames => WebSocketFrame.WriteData(message.Opcode, payload.Span),
        FrameFormat.SignalRWebSocket =>
            JsonText.Write((message, payload), WriteInvocation, static json => WriteRecord(json, inWebSocketFrame: true)),
        _ => JsonText.Write((message, payload), WriteInvocation, static json => WriteRecord(json, inWebSocketFrame: false)),
    };

    private static byte[] WriteRaw(Message message, ReadOnlyMemory<byte> payload) => JsonText.Write((message, payload), static (json, m) =>
    {
        json.WriteStartObject();
        WriteTypeAndPayload(json, m.message, m.payload);
        if (m.message.Sender is { } sender) WriteSender(json, sender);
        json.WriteEndObject();
    }, WebSocketFrame.WriteText);

    /// <summary><c>"type":T,"payload":P</c>, where an empty argument list is <c>null</c>.</summary>
    internal static void WriteTypeAndPayload(Utf8JsonWriter json, Message message, ReadOnlyMemory<byte> payload)
    {
        json.WriteString("type"u8, message.Type);
        json.WritePropertyName("payload"u8);
        if (message.IsArgumentList && payload.Length == 2) json.WriteNullValue();
        else json.WriteRawValue(payload.Span, skipInputValidation: true);
    }

    /// <summary><c>"sender":{"user_id","username"}</c>.</summary>
    internal static void WriteSender(Utf8JsonWriter json, MessageSender sender)
    {
        json.WriteStartObject("sender"u8);
        json.WriteString("user_id"u8, sender.UserId);
        json.WriteString("username"u8, sender.Username);
        json.WriteEndObject();
    }

    private static void WriteInvocation(Utf8JsonWriter json, (Message Message, ReadOnlyMemory<byte> Payload) m)
    {
        json.WriteStartObject();
        json.WriteNumber("type"u8, 1);
        json.WriteString("target"u8, m.Message.Type);
        json.WritePropertyName("arguments"u8);
        if (!m.Message.IsArgumentList) json.WriteStartArray();
        json.WriteRawValue(m.Payload.Span, skipInputValidation: true);
        if (!m.Message.IsArgumentList) json.WriteEndArray();
        if (m.Message.Sender is { } sender)
        {
            json.WriteStartObject("headers"u8);
            json.WriteString("sender_user_id"u8, sender.UserId);
            json.WriteString("sender_username"u8, sender.Username);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    /// <summary>Writes a SignalR JSON record: the text and the record separator, with or without a WebSocket frame.</summary>
    internal static byte[] WriteRecord(ReadOnlySpan<byte> json, bool inWebSocketFrame)
    {
        var length = json.Length + 1;
        var header = inWebSocketFrame ? WebSocketFrame.HeaderLength(length) : 0;
        var record = new byte[header + length];
        if (inWebSocketFrame) WebSocketFrame.WriteHeader(record, WebSocketFrame.Text, length);
        json.CopyTo(record.AsSpan(header));
        record[^1] = RecordSeparator;
        return record;
    }
}
