using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>
/// Writes an Invocation of the SignalR JSON protocol that requests a result:
/// <c>{"type":1,"invocationId":I,"target":T,"arguments":[…]}␞</c>.
/// </summary>
internal static class InvocationWriter
{
    public static byte[] Write(Message message, string invocationId, FrameFormat format) => MessageWriter.WriteRecord(
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
