using System.Text.Json;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>
/// A frame of a raw client: <c>{"type":T,"payload":P,"id":I?}</c>. T is a string, P any JSON value (default <c>null</c>), I a string or a
/// number. Other fields are ignored, except that hubs of an application have two more. The spans point into the frame, except for a type
/// with escapes.
/// </summary>
internal readonly ref struct Envelope(ReadOnlySpan<byte> type, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> id)
{
    /// <summary>UTF-8 text, unescaped.</summary>
    public ReadOnlySpan<byte> Type { get; } = type;

    /// <summary>One JSON value, as received.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>One JSON string or number, as received, or empty.</summary>
    public ReadOnlySpan<byte> Id { get; } = id;

    /// <summary>The field <c>error</c>: one JSON value, as received, or empty.</summary>
    public ReadOnlySpan<byte> Error { get; init; }

    /// <summary>The field <c>streams</c>: one JSON value, as received, or empty.</summary>
    public ReadOnlySpan<byte> Streams { get; init; }
}

/// <summary>The limits of an envelope.</summary>
/// <param name="MaxTypeBytes">How long the type may be.</param>
/// <param name="MaxDepth">How deep the payload may be nested.</param>
internal readonly record struct EnvelopeLimits(int MaxTypeBytes, int MaxDepth)
{
    /// <summary>Those of the protocol.</summary>
    public static EnvelopeLimits Protocol { get; } = new(MessageType.MaxLength, JsonRules.MaxDepth);
}

internal static class EnvelopeReader
{
    private const int MaxIdBytes = 256;

    /// <summary>
    /// Reads one text frame. With an error, <paramref name="envelope"/> has the correlation id if it was read before the error.
    /// </summary>
    public static Error? Read(ReadOnlySpan<byte> frame, out Envelope envelope) => Read(frame, EnvelopeLimits.Protocol, out envelope);

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, out Envelope)"/>
    public static Error? Read(ReadOnlySpan<byte> frame, EnvelopeLimits limits, out Envelope envelope)
    {
        var fields = new Fields();
        Error? error;
        try
        {
            error = ReadFields(frame, limits, ref fields);
        }
        catch (JsonException fault)
        {
            error = JsonRules.Describe(fault, frame, limits.MaxDepth + 1, limits.MaxDepth);
        }
        catch (InvalidOperationException) // a lone surrogate in an escaped name or type
        {
            error = JsonRules.InvalidText;
        }
        envelope = new Envelope(fields.Type, fields.Payload.IsEmpty ? "null"u8 : fields.Payload, fields.Id)
        {
            Error = fields.Error,
            Streams = fields.Streams,
        };
        return error;
    }

    private static Error? ReadFields(ReadOnlySpan<byte> frame, EnvelopeLimits limits, ref Fields fields)
    {
        if (frame.IsEmpty) return Error.BadRequest("empty message");
        var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = limits.MaxDepth + 1 }); // 1: the envelope's own object
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return Error.BadRequest("a message must be a JSON object: {\"type\":…,\"payload\":…}");
        Error? error = null;
        bool sawType = false, sawPayload = false, sawId = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                error ??= Twice(ref sawType, "type") ?? ReadType(ref reader, limits.MaxTypeBytes, ref fields.Type);
            }
            else if (reader.ValueTextEquals("payload"u8))
            {
                error ??= Twice(ref sawPayload, "payload");
                fields.Payload = Value(ref reader, frame);
                continue;
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                // Even after an error, because the error reply carries it.
                var wrong = Twice(ref sawId, "id") ?? ReadId(ref reader, frame, ref fields.Id);
                error ??= wrong;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                fields.Error = Value(ref reader, frame);
                continue;
            }
            else if (reader.ValueTextEquals("streams"u8))
            {
                fields.Streams = Value(ref reader, frame);
                continue;
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

    private static Error? ReadType(ref Utf8JsonReader reader, int maxBytes, ref ReadOnlySpan<byte> type)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String) return Error.BadRequest("type must be a string");
        if (reader.ValueSpan.Length == 0) return Error.BadRequest("type must not be empty");
        if (reader.ValueSpan.Length > maxBytes)
            return maxBytes == MessageType.MaxLength ? MessageType.TooLong : Error.BadRequest($"type is longer than {maxBytes} bytes");
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

    private ref struct Fields
    {
        public ReadOnlySpan<byte> Type;
        public ReadOnlySpan<byte> Payload;
        public ReadOnlySpan<byte> Id;
        public ReadOnlySpan<byte> Error;
        public ReadOnlySpan<byte> Streams;
    }
}
