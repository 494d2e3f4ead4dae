namespace Gateway.Core.Wire;

/// <summary>The payloads of moderation. An event in a room gets its offset later: see <see cref="OffsetField"/>.</summary>
internal static class ModerationPayloads
{
    /// <summary><c>{"event":"muted","room"?,"user_id","until"}</c>.</summary>
    public static byte[] Muted(string userId, string? room, DateTimeOffset until) => Event("muted", userId, room, until);

    /// <summary><c>{"event":"unmuted","room"?,"user_id"}</c>.</summary>
    public static byte[] Unmuted(string userId, string? room) => Event("unmuted", userId, room, null);

    /// <summary><c>{"event":"kicked","room"?,"user_id"}</c>.</summary>
    public static byte[] Kicked(string userId, string? room) => Event("kicked", userId, room, null);

    /// <summary>
    /// <c>{"user_id","room"?,"until"?}</c>: the reply to <c>mute</c> and <c>ban</c>; without <c>until</c>, to <c>unmute</c> and
    /// <c>unban</c>.
    /// </summary>
    public static byte[] Restriction(string userId, string? room, DateTimeOffset? until) =>
        JsonText.Write((userId, room, until), static (json, p) =>
        {
            json.WriteStartObject();
            json.WriteString("user_id"u8, p.userId);
            if (p.room != null) json.WriteString("room"u8, p.room);
            if (p.until is { } until) json.WriteString("until"u8, Payloads.Time(until));
            json.WriteEndObject();
        });

    /// <summary><c>{"connections"}</c>: the number of kicked connections.</summary>
    public static byte[] KickedCount(int connections) => JsonText.Write(connections, static (json, connections) =>
    {
        json.WriteStartObject();
        json.WriteNumber("connections"u8, connections);
        json.WriteEndObject();
    });

    private static byte[] Event(string name, string userId, string? room, DateTimeOffset? until) =>
        JsonText.Write((name, userId, room, until), static (json, p) =>
        {
            json.WriteStartObject();
            json.WriteString("event"u8, p.name);
            if (p.room != null) json.WriteString("room"u8, p.room);
            json.WriteString("user_id"u8, p.userId);
            if (p.until is { } until) json.WriteString("until"u8, Payloads.Time(until));
            json.WriteEndObject();
        });
}
