using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Admin;

/// <summary>How the API writes JSON: names in snake_case, as everywhere in the protocol, and nothing that is not there.</summary>
internal static class AdminJson
{
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    }

    /// <summary>JSON that is there already.</summary>
    public static IResult Bytes(ReadOnlyMemory<byte> json) => Results.Bytes(json, "application/json");
}
