using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>
/// Writes a call of a client's method that requests a result.
/// <code>
/// raw       {"type":T,"payload":P,"id":I}
/// SignalR   {"type":1,"invocationId":I,"target":T,"arguments":[…]}␞
/// </code>
/// </summary>
internal static class InvocationWriter
{
    public static byte[] Write(Message message, string invocationId, FrameFormat format) =>
        format == FrameFormat.RawWebSocket ? WriteRaw(message, invocationId) : WriteSignalR(message, invocationId, format);

    private static byte[] WriteRaw(Message message, string invocationId) => JsonText.Write((message, invocationId), static (json, m) =>
    {
        json.WriteStartObject();
        MessageWriter.WriteTypeAndPayload(json, m.message, m.message.Payload);
        json.WriteString("id"u8, m.invocationId);
        json.WriteEndObject();
    }, WebSocketFrame.WriteText);

    private static byte[] WriteSignalR(Message message, string invocationId, FrameFormat format) => MessageWriter.WriteRecord(
        JsonText.Write((message, invocationId), static (json, m) =>
        {
            json.WriteStartObject();
            json.WriteNumber("type"u8, 1);
            json.WriteString("invocationId"u8, m.invocationId);
            json.WriteString("target"u8, m.message.Type);
            json.WritePropertyName("arguments"u8);
            if (!m.message.IsArgumentList) json.WriteStartArray();
            json.WriteRawValue(m.message.Payload.Span, skipInputValidation: true);
            if (!m.message.IsArgumentList) json.WriteEndArray();
            json.WriteEndObject();
        }),
        inWebSocketFrame: format == FrameFormat.SignalRWebSocket);
}
