using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Gateway.Configuration;
using Gateway.Configuration.Schema;

namespace Gateway.Admin;

/// <summary>The options as the configuration file would say them, without what is secret.</summary>
internal static class ConfigurationView
{
    private const string Hidden = "***";

    /// <summary>A text whose key ends like this is not shown, whatever section it is in.</summary>
    private static readonly string[] SecretEndings = ["key", "secret", "password", "token"];

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = new KeyNames(),
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new Times() },
    };

    public static JsonObject Of(GatewayOptions options)
    {
        var view = JsonSerializer.SerializeToNode(options, Options)!.AsObject();
        Hide(view);
        view["redis"]!["connection"] = new JsonArray([.. options.Redis.Connection.Select(server => (JsonNode)RedisAddress.Shown(server))]);
        return view;
    }

    private static void Hide(JsonNode? node)
    {
        if (node is JsonArray list)
            foreach (var item in list) Hide(item);
        if (node is not JsonObject section) return;
        foreach (var (key, value) in section.ToList())
        {
            if (value is JsonValue text && text.GetValueKind() == JsonValueKind.String && Array.Exists(SecretEndings, ending => key.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
                section[key] = text.GetValue<string>().Length == 0 ? "" : Hidden;
            else
                Hide(value);
        }
    }

    private sealed class KeyNames : JsonNamingPolicy
    {
        public override string ConvertName(string name) => name == nameof(GatewayOptions.SignalR) ? "signalr" : SnakeCaseLower.ConvertName(name);
    }

    private sealed class Times : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(Duration.Write(value));
    }
}
