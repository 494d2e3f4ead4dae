using System.Text.Json;

namespace Gateway.Core.Wire;

/// <summary>A user in a room, with all its connections on all replicas.</summary>
/// <param name="UserId">The user's id.</param>
/// <param name="Username">The display name.</param>
/// <param name="ClientId">The application that the user came with, if known.</param>
/// <param name="Status">The status that was set last.</param>
/// <param name="ConnectedAt">When the first connection was opened.</param>
/// <param name="Connections">The number of connections; 0 in the grace period.</param>
public sealed record PresenceMember(
    string UserId, string Username, string? ClientId, string Status, DateTimeOffset ConnectedAt, int Connections)
{
    /// <summary>When the status was set; the newest wins. <c>null</c> if none was set. Clients do not get it.</summary>
    public DateTimeOffset? StatusSetAt { get; init; }

    internal static Comparison<PresenceMember> ByConnectedAt { get; } = static (a, b) =>
        a.ConnectedAt != b.ConnectedAt ? a.ConnectedAt.CompareTo(b.ConnectedAt) : string.CompareOrdinal(a.UserId, b.UserId);
}

internal static class PresencePayloads
{
    /// <summary>
    /// <c>{"room","count","members":[{"user_id","username","client_id"?,"status","connected_at","connections"}],"next"?}</c>.
    /// </summary>
    /// <param name="room">The room.</param>
    /// <param name="count">The number of all members.</param>
    /// <param name="members">One page of the members.</param>
    /// <param name="next">The cursor of the next page, if any.</param>
    public static byte[] Members(string room, int count, IReadOnlyList<PresenceMember> members, string? next = null) =>
        JsonText.Write((room, count, members, next), static (json, p) =>
        {
            json.WriteStartObject();
            json.WriteString("room"u8, p.room);
            json.WriteNumber("count"u8, p.count);
            json.WriteStartArray("members"u8);
            foreach (var member in p.members) WriteMember(json, member);
            json.WriteEndArray();
            if (p.next != null) json.WriteString("next"u8, p.next);
            json.WriteEndObject();
        });

    /// <summary><c>{"room","count","connections"}</c>: the number of users and of connections.</summary>
    public static byte[] Counts(string room, IReadOnlyList<PresenceMember> members) => JsonText.Write((room, members), static (json, p) =>
    {
        json.WriteStartObject();
        json.WriteString("room"u8, p.room);
        json.WriteNumber("count"u8, p.members.Count);
        json.WriteNumber("connections"u8, p.members.Sum(m => (long)m.Connections));
        json.WriteEndObject();
    });

    /// <summary><c>{"room","user_id","username","status"}</c>.</summary>
    public static byte[] Status(string room, string userId, string username, string status) =>
        JsonText.Write((room, userId, username, status), static (json, p) =>
        {
            json.WriteStartObject();
            json.WriteString("room"u8, p.room);
            json.WriteString("user_id"u8, p.userId);
            json.WriteString("username"u8, p.username);
            json.WriteString("status"u8, p.status);
            json.WriteEndObject();
        });

    private static void WriteMember(Utf8JsonWriter json, PresenceMember member)
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
