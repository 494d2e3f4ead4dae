using System.Text.Json;

namespace Gateway.Core.Wire;

/// <summary>One user in a room, however many connections it has there.</summary>
internal sealed record PresentMember(string UserId, string Username, string? ClientId, string Status, DateTimeOffset ConnectedAt, int Connections);

internal static class PresencePayloads
{
    /// <summary><c>{"room","count","members":[{"user_id","username","client_id"?,"status","connected_at","connections"}]}</c>.</summary>
    public static byte[] Members(string room, IReadOnlyList<PresentMember> members) => JsonText.Write((room, members), static (json, p) =>
    {
        json.WriteStartObject();
        json.WriteString("room"u8, p.room);
        json.WriteNumber("count"u8, p.members.Count);
        json.WriteStartArray("members"u8);
        foreach (var member in p.members) WriteMember(json, member);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary><c>{"room","user_id","username","status"}</c>; the offset is added when it is known.</summary>
    public static byte[] Status(string room, string userId, string username, string status) => JsonText.Write((room, userId, username, status), static (json, p) =>
    {
        json.WriteStartObject();
        json.WriteString("room"u8, p.room);
        json.WriteString("user_id"u8, p.userId);
        json.WriteString("username"u8, p.username);
        json.WriteString("status"u8, p.status);
        json.WriteEndObject();
    });

    private static void WriteMember(Utf8JsonWriter json, PresentMember member)
    {
        json.WriteStartObject();
        json.WriteString("user_id"u8, member.UserId);
        json.WriteString("username"u8, member.Username);
        if (member.ClientId != null) json.WriteString("client_id"u8, member.ClientId);
        json.WriteString("status"u8, member.Status);
        json.WriteString("connected_at"u8, Payloads.Time(member.ConnectedAt));
        json.WriteNumber("connections"u8, member.Connections);
        json.WriteEndObject();
    }
}
