using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>
/// Writes the reply to a raw client. A SignalR client gets the same as a method's result or a <c>HubException</c>.
/// <code>
/// {"type":"ack","id":I,"payload":R}
/// {"type":"error","id":I?,"payload":{"code":400,"message":"…"}}
/// </code>
/// </summary>
internal static class ReplyWriter
{
    /// <param name="id">The request's correlation id, as received: one JSON string or number.</param>
    /// <param name="result">One JSON value.</param>
    public static byte[] WriteAck(ReadOnlySpan<byte> id, ReadOnlySpan<byte> result) =>
        JsonText.Write(new Ack(id, result), static (json, ack) =>
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "ack"u8);
            json.WritePropertyName("id"u8);
            json.WriteRawValue(ack.Id, skipInputValidation: true);
            json.WritePropertyName("payload"u8);
            json.WriteRawValue(ack.Result, skipInputValidation: true);
            json.WriteEndObject();
        }, WebSocketFrame.WriteText);

    /// <param name="id">The request's correlation id, as received, or empty.</param>
    public static byte[] WriteError(ReadOnlySpan<byte> id, Error error) => JsonText.Write(new Failure(id, error), static (json, failure) =>
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        if (!failure.Id.IsEmpty)
        {
            json.WritePropertyName("id"u8);
            json.WriteRawValue(failure.Id, skipInputValidation: true);
        }
        json.WriteStartObject("payload"u8);
        json.WriteNumber("code"u8, failure.Error.Code);
        json.WriteString("message"u8, failure.Error.Text);
        if (failure.Error.RetryAfter is { } wait) json.WriteNumber("retry_after_ms"u8, (long)Math.Ceiling(wait.TotalMilliseconds));
        json.WriteEndObject();
        json.WriteEndObject();
    }, WebSocketFrame.WriteText);

    private readonly ref struct Ack(ReadOnlySpan<byte> id, ReadOnlySpan<byte> result)
    {
        public readonly ReadOnlySpan<byte> Id = id;
        public readonly ReadOnlySpan<byte> Result = result;
    }

    private readonly ref struct Failure(ReadOnlySpan<byte> id, Error error)
    {
        public readonly ReadOnlySpan<byte> Id = id;
        public readonly Error Error = error;
    }
}
