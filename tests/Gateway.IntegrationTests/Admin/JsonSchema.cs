using System.Text.Json;

namespace Gateway.IntegrationTests.Admin;

/// <summary>
/// Holds JSON against the part of JSON Schema that the gateway's OpenAPI document uses; anything else in a schema is a fault of the test.
/// </summary>
internal sealed class JsonSchema(JsonElement document)
{
    private static readonly string[] Known =
        [
            "$ref", "type", "format", "pattern", "description", "properties", "required", "items", "oneOf", "title", "additionalProperties",
            "minimum", "maximum", "maxLength", "minLength", "default", "enum"
        ];

    /// <summary>What is wrong with the value; empty if it is valid.</summary>
    public IEnumerable<string> Faults(JsonElement schema, JsonElement value, string at = "$")
    {
        if (schema.TryGetProperty("$ref", out var reference))
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        foreach (var word in schema.EnumerateObject()) Assert.Contains(word.Name, Known);
        if (schema.TryGetProperty("oneOf", out var choices))
        {
            if (!choices.EnumerateArray().Any(choice => !Faults(choice, value, at).Any())) yield return $"{at}: fits none of oneOf";
            yield break;
        }
        if (schema.TryGetProperty("type", out var type) && !Types(type).Contains(KindOf(value))
            && !(KindOf(value) == "integer" && Types(type).Contains("number")))
        {
            yield return $"{at}: {KindOf(value)} instead of {string.Join(" or ", Types(type))}";
            yield break;
        }
        foreach (var fault in value.ValueKind switch
        {
            JsonValueKind.Object => OfObject(schema, value, at),
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) =>
                value.EnumerateArray().SelectMany((item, i) => Faults(items, item, $"{at}[{i}]")),
            _ => [],
        }) yield return fault;
    }

    private IEnumerable<string> OfObject(JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("required", out var required))
            foreach (var name in required.EnumerateArray().Select(n => n.GetString()!))
                if (!value.TryGetProperty(name, out _))
                    yield return $"{at}.{name}: is required and missing";
        if (!schema.TryGetProperty("properties", out var properties)) yield break;
        foreach (var property in value.EnumerateObject())
        {
            if (!properties.TryGetProperty(property.Name, out var expected)) yield return $"{at}.{property.Name}: is not described";
            else
                foreach (var fault in Faults(expected, property.Value, $"{at}.{property.Name}"))
                    yield return fault;
        }
    }

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!) : [type.GetString()!];

    private static string KindOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Null => "null",
        _ => value.TryGetInt64(out _) ? "integer" : "number",
    };
}
