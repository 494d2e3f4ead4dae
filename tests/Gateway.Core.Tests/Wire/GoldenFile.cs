using System.Text;
using System.Text.Json;

namespace Gateway.Core.Tests.Wire;

/// <summary>One file of tests/wire, see the README there.</summary>
internal sealed record GoldenFile(
    string Name, string Direction, string Type, JsonElement Payload, string? Raw, string? Signalr, JsonElement Id, GoldenClose? Close)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static IReadOnlyDictionary<string, GoldenFile> All { get; } = Directory
        .GetFiles(Path.Combine(AppContext.BaseDirectory, "Golden"), "*.json")
        .ToDictionary(
            f => Path.GetFileNameWithoutExtension(f), f => JsonSerializer.Deserialize<GoldenFile>(File.ReadAllBytes(f), Options)!);

    public static IEnumerable<string> Names(string direction) =>
        All.Values.Where(g => g.Direction == direction).Select(g => g.Name).Order(StringComparer.Ordinal);

    /// <summary>The correlation id as it stands in the frame, or empty.</summary>
    public byte[] IdBytes => Id.ValueKind == JsonValueKind.Undefined ? [] : Encoding.UTF8.GetBytes(Id.GetRawText());
}

internal sealed record GoldenClose(int Code, string Reason);
