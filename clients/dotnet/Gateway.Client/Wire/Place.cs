using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Client.Wire;

/// <summary>Which room a message belongs to, and which place it has there.</summary>
internal static class Place
{
    public const string Lobby = "lobby";

    /// <summary>The room's gap notice, if the message is one.</summary>
    public static GapNotice? GapIn(GatewayMessage message)
    {
        var payload = message.Payload;
        if (message.Type != "system" || payload.ValueKind != JsonValueKind.Object || Text(payload, "event") != "gap") return null;
        return new GapNotice(
            Text(payload, "room"),
            Text(payload, "reason"),
            Text(payload, "epoch"),
            Number(payload, "from"),
            Number(payload, "to"),
            Number(payload, "missed"),
            Number(payload, "offset"));
    }

    /// <summary>
    /// The gateway adds the offset as a payload's last field. A field of the same name elsewhere is the application's: server code may
    /// publish what it likes, and such payloads are left as they are.
    /// </summary>
    public static long? OffsetIn(GatewayMessage message)
    {
        if (message.Payload.ValueKind != JsonValueKind.Object) return null;
        JsonProperty? last = null;
        foreach (var field in message.Payload.EnumerateObject()) last = field;
        return last is { Name: "offset", Value.ValueKind: JsonValueKind.Number } offset && offset.Value.TryGetInt64(out var value)
            && value >= 1
            ? value
            : null;
    }

    /// <summary>The room of a message that has a place in one. An own type that names none went to the lobby.</summary>
    public static string? RoomOf(GatewayMessage message) =>
        GapIn(message) is { } gap ? gap.Room : OffsetIn(message) == null ? null : Text(message.Payload, "room") ?? Lobby;

    /// <summary>The room that a command of this client is about; <c>null</c> if it is about none.</summary>
    public static string? RoomOfCommand(string type, JsonNode? payload)
    {
        if (type is "direct" or "ping" or "refresh" || (type == "presence" && payload is JsonObject status && status.ContainsKey("status")))
            return null;
        return payload is JsonObject fields && fields["room"] is JsonValue room && room.TryGetValue<string>(out var name) ? name : Lobby;
    }

    public static string? Text(JsonElement payload, string field) =>
        payload.ValueKind == JsonValueKind.Object && payload.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static long? Number(JsonElement payload, string field) =>
        payload.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : null;
}

internal sealed record GapNotice(string? Room, string? Reason, string? Epoch, long? From, long? To, long? Missed, long? Offset);
