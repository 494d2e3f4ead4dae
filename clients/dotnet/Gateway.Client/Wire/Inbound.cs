using System.Text.Json;

namespace Gateway.Client.Wire;

/// <summary>
/// The messages of one connection, checked before anything is done with them, and in the order that the protocol promises: one
/// <c>welcome</c>, and that first. A message that is not what docs/protocol.md says is counted, told and ignored, and harms nothing.
/// </summary>
internal sealed class Inbound
{
    /// <summary>Fields of the gateway's own messages that the client, or every application, relies on; all texts.</summary>
    private static readonly Dictionary<string, string[]> Texts = new(StringComparer.Ordinal)
    {
        ["system"] = ["event", "room", "reason", "epoch", "user_id", "username", "until", "expires_at"],
        ["chat"] = ["room", "user_id", "username", "content", "time", "message_id"],
        ["direct"] = ["to", "user_id", "username", "content", "time", "message_id"],
        ["presence"] = ["room", "user_id", "username", "status"],
        ["error"] = ["message"],
        ["metrics"] = ["replica"],
    };

    private static readonly string[] Counts = ["from", "to", "missed", "offset"];

    private bool _isWelcome;

    /// <returns>What is wrong with the message; <c>null</c> if it is fine.</returns>
    public string? Check(GatewayMessage message)
    {
        // Stock SignalR clients match names without regard to case, so any spelling may be a forged one.
        var isWelcome = message.Type == "welcome";
        if (message.Type.Equals("welcome", StringComparison.OrdinalIgnoreCase) && (_isWelcome || !isWelcome))
            return "a welcome that is not the connection's first message";
        if (!isWelcome && !_isWelcome) return $"a message ahead of the welcome: {Quoted(message.Type)}";
        try
        {
            var problem = isWelcome ? ProblemOfWelcome(message.Payload) : ProblemOf(message);
            if (problem == null) _isWelcome = true;
            return problem;
        }
        catch (InvalidOperationException)
        {
            return $"a message that is no Unicode: {Quoted(message.Type)}"; // half a surrogate pair in a field that counts
        }
    }

    private static string? ProblemOfWelcome(JsonElement payload)
    {
        try
        {
            return payload.ValueKind == JsonValueKind.Object
                && payload.Deserialize(GatewayJson.Default.Welcome)
                is { ConnectionId: not null, UserId: not null, Username: not null, Replica: not null, Rooms: { } rooms }
                && rooms.All(room => room?.Room != null) ? null : "a welcome of which something is missing";
        }
        catch (JsonException)
        {
            return "a welcome of which something is of the wrong kind";
        }
    }

    private static string? ProblemOf(GatewayMessage message)
    {
        _ = Place.RoomOf(message); // whatever cannot be read in there is no Unicode
        if (!Texts.TryGetValue(message.Type, out var texts)) return null; // an own type of the application's
        var payload = message.Payload;
        if (payload.ValueKind != JsonValueKind.Object) return $"a {message.Type} without a payload";
        if (message.Type == "system" && Place.Text(payload, "event") == null) return "a system whose event is missing or of the wrong kind";
        foreach (var name in texts)
            if (payload.TryGetProperty(name, out var value) && (value.ValueKind != JsonValueKind.String || value.GetString() == null))
                return $"a {message.Type} whose {name} is of the wrong kind";
        if (message.Type != "system") return null;
        foreach (var name in Counts)
            if (payload.TryGetProperty(name, out var value)
                && !(value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) && count >= 0))
                return $"a system whose {name} is of the wrong kind";
        return null;
    }

    private static string Quoted(string type) => $"\"{(type.Length > 64 ? type[..64] : type)}\"";
}
