using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;

namespace Gateway.AspNetCore.Admin;

/// <param name="Options">What the host has set, the gateway's options among it.</param>
/// <param name="Mask">Hides what is secret within a text.</param>
internal sealed record ShownOptions(object Options, Action<JsonObject>? Mask = null);

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

    /// <summary>A text, or a list of texts, with nothing left of it but how many there are.</summary>
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
