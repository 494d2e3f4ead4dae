using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Admin;

/// <summary>How the API writes JSON: names in snake_case, as everywhere in the protocol, and nothing that is not there.</summary>
internal static class AdminJson
{
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new Times());
    }

    /// <summary>JSON that is there already.</summary>
    public static IResult Bytes(ReadOnlyMemory<byte> json) => Results.Bytes(json, "application/json");

    /// <summary>As in the protocol's payloads.</summary>
    private sealed class Times : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Payloads.Time(value));
    }
}
