using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;

namespace Gateway.AspNetCore.Admin;

/// <param name="Options">The options of the host, including the gateway's.</param>
/// <param name="Mask">Removes further secrets from the view.</param>
internal sealed record ShownOptions(object Options, Action<JsonObject>? Mask = null);

/// <summary>Shows the options as in a configuration file, without secrets.</summary>
internal static class ConfigurationView
{
    private const string Hidden = "***";

    /// <summary>The endings of keys whose values are secret.</summary>
    private static readonly string[] SecretEndings = ["key", "secret", "password", "token"];

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = new KeyNames(),
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new Times() },
    };

    public static JsonObject Of(ShownOptions shown)
    {
        var view = JsonSerializer.SerializeToNode(shown.Options, shown.Options.GetType(), Options)!.AsObject();
        Hide(view);
        shown.Mask?.Invoke(view);
        return view;
    }

    private static void Hide(JsonNode? node)
    {
        if (node is JsonArray list)
            foreach (var item in list) Hide(item);
        if (node is not JsonObject section) return;
        foreach (var (key, value) in section.ToList())
        {
            if (Array.Exists(SecretEndings, ending => key.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                && HiddenText(value) is { } hidden)
                section[key] = hidden;
            else
                Hide(value);
        }
    }

    /// <summary>Masks a text, or each text of a list.</summary>
    private static JsonNode? HiddenText(JsonNode? value) => value switch
    {
        JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>().Length == 0 ? "" : Hidden,
        JsonArray list when list.All(item => item is JsonValue) => new JsonArray([.. list.Select(HiddenText)]),
        _ => null,
    };

    private sealed class KeyNames : JsonNamingPolicy
    {
        public override string ConvertName(string name) =>
            name == nameof(GatewayOptions.SignalR) ? "signalr" : SnakeCaseLower.ConvertName(name);
    }

    private sealed class Times : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteStringValue(Duration.Write(value));
    }
}
