using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Admin;

/// <summary>Writes the JSON of the API: names in snake_case, as in the protocol, without null values.</summary>
internal static class AdminJson
{
    private static readonly JsonSerializerOptions Options = Create();

    /// <summary>Returns 200 with an object. Does not use the application's JSON options.</summary>
    public static IResult Ok<T>(T value) => Results.Json(value, Options);

    /// <summary>Configures JSON options. Used for the OpenAPI document, which reads the application's options.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new Times());
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        return options;
    }

    /// <summary>Returns 200 with serialized JSON.</summary>
    public static IResult Bytes(ReadOnlyMemory<byte> json) => Results.Bytes(json, "application/json");

    /// <summary>Writes times as the protocol's payloads do.</summary>
    private sealed class Times : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(Payloads.Time(value));
    }
}
