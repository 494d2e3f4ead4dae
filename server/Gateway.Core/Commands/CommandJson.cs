using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// How payloads of an application's commands become values, and values become JSON: names in snake_case, as in the gateway's own payloads.
/// </summary>
internal static class CommandJson
{
    public const string Untrimmed =
        "The properties of the type are found by reflection: pass a JsonTypeInfo of a JsonSerializerContext instead.";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = true,
        MaxDepth = JsonRules.MaxDepth,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    [RequiresUnreferencedCode(Untrimmed), RequiresDynamicCode(Untrimmed)]
    public static JsonTypeInfo<T> TypeOf<T>()
    {
        Options.MakeReadOnly(populateMissingResolver: true);
        return (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
    }
}
