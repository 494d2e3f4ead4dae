namespace Gateway.Core.Wire;

/// <summary>The payloads about tokens; docs/protocol.md shows each. None contains a token.</summary>
internal static class TokenPayloads
{
    /// <summary><c>{"event":"token_expiring","expires_at"}</c>.</summary>
    public static byte[] Expiring(DateTimeOffset expiresAt) => JsonText.Write(expiresAt, static (json, expiresAt) =>
    {
        json.WriteStartObject();
        json.WriteString("event"u8, "token_expiring"u8);
        json.WriteString("expires_at"u8, Payloads.Time(expiresAt));
        json.WriteEndObject();
    });

    /// <summary>
    /// <c>{"expires_at","left"?:[room…]}</c>: the reply to <c>refresh</c>. <c>left</c> lists the rooms that the new token does not allow.
    /// </summary>
    public static byte[] Refreshed(DateTimeOffset expiresAt, IReadOnlyList<string> left) =>
        JsonText.Write((expiresAt, left), static (json, p) =>
        {
            json.WriteStartObject();
            json.WriteString("expires_at"u8, Payloads.Time(p.expiresAt));
            if (p.left.Count > 0)
            {
                json.WriteStartArray("left"u8);
                foreach (var room in p.left) json.WriteStringValue(room);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        });
}
