using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Admin;

/// <summary>How the API writes JSON: names in snake_case, as everywhere in the protocol, and nothing that is not there.</summary>
internal static class AdminJson
{
    private static readonly JsonSerializerOptions Options = Made();

    /// <summary>200 with an object; the application's own way to write JSON is not touched.</summary>
    public static IResult Ok<T>(T value) => Results.Json(value, Options);

    /// <summary>For the OpenAPI document, which reads the application's options.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new Times());
    }

    private static JsonSerializerOptions Made()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        return options;
    }

    /// <summary>JSON that is there already.</summary>
    public static IResult Bytes(ReadOnlyMemory<byte> json) => Results.Bytes(json, "application/json");

    /// <summary>As in the protocol's payloads.</summary>
    private sealed class Times : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(Payloads.Time(value));
    }
}
