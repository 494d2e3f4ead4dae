using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Client.Wire;

/// <summary>The raw dialect's text frame: <c>{"type":T,"payload":P,"id":I}</c>.</summary>
internal static class Envelope
{
    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <param name="payload"><c>null</c>: none.</param>
    /// <param name="id">As JSON.</param>
    public static byte[] Write(string type, JsonNode? payload, string id)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            if (payload != null)
            {
                writer.WritePropertyName("payload");
                payload.WriteTo(writer);
            }
            writer.WritePropertyName("id");
            writer.WriteRawValue(id, skipInputValidation: true);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <returns><c>null</c>: not a message of the gateway's.</returns>
    public static Received? Read(ReadOnlyMemory<byte> frame)
    {
        try
        {
            using var document = JsonDocument.Parse(frame);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String)
                return null;
            var payload = root.TryGetProperty("payload", out var found) ? found.Clone() : JsonElement.Parse("null");
            long? id = root.TryGetProperty("id", out var text) && text.ValueKind == JsonValueKind.Number && text.TryGetInt64(out var number)
                ? number
                : null;
            return new Received(new GatewayMessage(type.GetString()!, payload), id);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null; // no JSON, or half a surrogate pair in its type
        }
    }
}

/// <param name="Id">Of the command that it answers.</param>
internal sealed record Received(GatewayMessage Message, long? Id);
