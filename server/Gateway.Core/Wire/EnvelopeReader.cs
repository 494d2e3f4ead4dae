using System.Text.Json;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>
/// A frame of a raw client: <c>{"type":T,"payload":P,"id":I?}</c>. T is a string, P any JSON value (default <c>null</c>), I a string or a
/// number. Other fields are ignored. The spans point into the frame, except for a type with escapes.
/// </summary>
internal readonly ref struct Envelope(ReadOnlySpan<byte> type, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> id)
{
    /// <summary>UTF-8 text, unescaped.</summary>
    public ReadOnlySpan<byte> Type { get; } = type;

    /// <summary>One JSON value, as received.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>One JSON string or number, as received, or empty.</summary>
    public ReadOnlySpan<byte> Id { get; } = id;
}

internal static class EnvelopeReader
{
    private const int MaxIdBytes = 256;
    private const int MaxDepth = JsonRules.MaxDepth + 1; // the envelope's own object
    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>
    /// Reads one text frame. With an error, <paramref name="envelope"/> has the correlation id if it was read before the error.
    /// </summary>
    public static Error? Read(ReadOnlySpan<byte> frame, out Envelope envelope)
    {
        ReadOnlySpan<byte> type = default, payload = default, id = default;
        Error? error;
        try
        {
            error = ReadFields(frame, ref type, ref payload, ref id);
        }
        catch (JsonException fault)
        {
            error = JsonRules.Describe(fault, frame, MaxDepth);
        }
        catch (InvalidOperationException) // a lone surrogate in an escaped name or type
        {
            error = JsonRules.InvalidText;
        }
        envelope = new Envelope(type, payload.IsEmpty ? "null"u8 : payload, id);
        return error;
    }

    private static Error? ReadFields(
        ReadOnlySpan<byte> frame, ref ReadOnlySpan<byte> type, ref ReadOnlySpan<byte> payload, ref ReadOnlySpan<byte> id)
    {
        if (frame.IsEmpty) return Error.BadRequest("empty message");
        var reader = new Utf8JsonReader(frame, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return Error.BadRequest("a message must be a JSON object: {\"type\":…,\"payload\":…}");
        Error? error = null;
        bool sawType = false, sawPayload = false, sawId = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                error ??= Twice(ref sawType, "type") ?? ReadType(ref reader, ref type);
            }
            else if (reader.ValueTextEquals("payload"u8))
            {
                error ??= Twice(ref sawPayload, "payload");
                payload = Value(ref reader, frame);
                continue;
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                // Even after an error, because the error reply carries it.
                var wrong = Twice(ref sawId, "id") ?? ReadId(ref reader, frame, ref id);
                error ??= wrong;
            }
            if (reader.TokenType == JsonTokenType.PropertyName) reader.Read();
            reader.Skip();
        }
        reader.Read(); // throws if something follows the object
        return error ?? (sawType ? null : Error.BadRequest("type is missing"));
    }

    private static Error? Twice(ref bool seen, string name)
    {
        if (seen) return Error.BadRequest($"{name} appears twice");
        seen = true;
        return null;
    }

    private static Error? ReadType(ref Utf8JsonReader reader, ref ReadOnlySpan<byte> type)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String) return Error.BadRequest("type must be a string");
        if (reader.ValueSpan.Length == 0) return Error.BadRequest("type must not be empty");
        if (reader.ValueSpan.Length > MessageType.MaxLength) return MessageType.TooLong;
        if (!reader.ValueIsEscaped)
        {
            type = reader.ValueSpan;
            return null;
        }
        var unescaped = new byte[reader.ValueSpan.Length];
        type = unescaped.AsSpan(0, reader.CopyString(unescaped));
        return null;
    }

    private static Error? ReadId(ref Utf8JsonReader reader, ReadOnlySpan<byte> frame, ref ReadOnlySpan<byte> id)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
            return Error.BadRequest("id must be a string or a number");
        var raw = frame[(int)reader.TokenStartIndex..(int)reader.BytesConsumed];
        if (raw.Length > MaxIdBytes) return Error.BadRequest($"id is longer than {MaxIdBytes} bytes");
        if (JsonRules.CheckString(ref reader) is { } error) return error;
        id = raw;
        return null;
    }

    private static ReadOnlySpan<byte> Value(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> frame)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return frame[start..(int)reader.BytesConsumed];
    }
}
