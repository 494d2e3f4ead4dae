using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.AspNetCore.SignalR;

/// <summary>The result of a hub method, already serialized as JSON.</summary>
/// <param name="json">One JSON value in UTF-8.</param>
[JsonConverter(typeof(Converter))]
public readonly struct JsonResult(ReadOnlyMemory<byte> json)
{
    private readonly ReadOnlyMemory<byte> _json = json;

    private sealed class Converter : JsonConverter<JsonResult>
    {
        public override JsonResult Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, JsonResult value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value._json.Span, skipInputValidation: true);
    }
}
