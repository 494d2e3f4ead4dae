using System.Text.Json;
using Gateway.Core.Wire;

namespace Gateway.Redis.Presence;

/// <summary>What Redis holds of a user in a room, see <see cref="PresenceScripts"/>.</summary>
internal static class PresenceEntry
{
    /// <summary>What one replica says of the user.</summary>
    public static byte[] Write(PresenceMember member) => JsonText.Write(member, static (json, member) =>
    {
        json.WriteStartObject();
        json.WriteString("username"u8, member.Username);
        if (member.ClientId != null) json.WriteString("client_id"u8, member.ClientId);
        json.WriteString("status"u8, member.Status);
        if (member.StatusSetAt is { } saidAt) json.WriteNumber("status_at"u8, saidAt.ToUnixTimeMilliseconds());
        json.WriteNumber("connected_at"u8, member.ConnectedAt.ToUnixTimeMilliseconds());
        json.WriteNumber("connections"u8, member.Connections);
        json.WriteEndObject();
    });

    /// <summary>All that replicas say of the user, in one. The name is that of whoever came last, the status what was said last.</summary>
    /// <param name="leases">Those that say so; the one that stands for none is left out.</param>
    /// <returns><c>null</c> if it cannot be read.</returns>
    public static PresenceMember? Read(string userId, ReadOnlyMemory<byte> value, out IReadOnlyList<string> leases)
    {
        var names = new List<string>(1);
        leases = names;
        PresenceMember? all = null;
        try
        {
            using var json = JsonDocument.Parse(value);
            foreach (var entry in json.RootElement.EnumerateObject())
            {
                if (entry.Name.Length > 0) names.Add(entry.Name);
                var one = ReadOne(userId, entry.Value, isThere: entry.Name.Length > 0);
                all = all == null ? one : Join(all, one);
            }
            return all;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static PresenceMember ReadOne(string userId, JsonElement entry, bool isThere) => new(
        userId,
        entry.GetProperty("username").GetString()!,
        entry.TryGetProperty("client_id", out var client) ? client.GetString() : null,
        entry.GetProperty("status").GetString()!,
        DateTimeOffset.FromUnixTimeMilliseconds(entry.GetProperty("connected_at").GetInt64()),
        isThere ? entry.GetProperty("connections").GetInt32() : 0)
    {
        StatusSetAt = entry.TryGetProperty("status_at", out var saidAt) ? DateTimeOffset.FromUnixTimeMilliseconds(saidAt.GetInt64()) : null,
    };

    private static PresenceMember Join(PresenceMember a, PresenceMember b)
    {
        var newest = a.ConnectedAt > b.ConnectedAt ? a : b;
        var spoken = b.StatusSetAt is { } at && (a.StatusSetAt is not { } before || at >= before) ? b : a;
        return newest with
        {
            Status = spoken.Status,
            StatusSetAt = spoken.StatusSetAt,
            ConnectedAt = a.ConnectedAt < b.ConnectedAt ? a.ConnectedAt : b.ConnectedAt,
            Connections = a.Connections + b.Connections,
        };
    }
}
