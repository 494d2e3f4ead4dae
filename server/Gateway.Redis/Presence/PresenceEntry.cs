using System.Text.Json;
using Gateway.Core.Wire;

namespace Gateway.Redis.Presence;

/// <summary>Reads and writes the presence entries of a user in a room. For their format see <see cref="PresenceScripts"/>.</summary>
internal static class PresenceEntry
{
    /// <summary>Writes the entry of one replica.</summary>
    public static byte[] Write(PresenceMember member) => JsonText.Write(member, static (json, member) =>
    {
        json.WriteStartObject();
        json.WriteString("username"u8, member.Username);
        if (member.ClientId != null) json.WriteString("client_id"u8, member.ClientId);
        json.WriteString("status"u8, member.Status);
        if (member.StatusSetAt is { } setAt) json.WriteNumber("status_at"u8, setAt.ToUnixTimeMilliseconds());
        json.WriteNumber("connected_at"u8, member.ConnectedAt.ToUnixTimeMilliseconds());
        json.WriteNumber("connections"u8, member.Connections);
        json.WriteEndObject();
    });

    /// <summary>Merges the entries of all replicas: the username of the newest connection, the status that was set last.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="value">The value in Redis: an object with an entry for each lease.</param>
    /// <param name="leases">The leases with an entry, without the empty one of a user who has no connection.</param>
    /// <returns><c>null</c> if the value cannot be read.</returns>
    public static PresenceMember? Read(string userId, ReadOnlyMemory<byte> value, out IReadOnlyList<string> leases)
    {
        var leaseNames = new List<string>(1);
        leases = leaseNames;
        PresenceMember? all = null;
        try
        {
            using var json = JsonDocument.Parse(value);
            foreach (var entry in json.RootElement.EnumerateObject())
            {
                if (entry.Name.Length > 0) leaseNames.Add(entry.Name);
                var one = ReadOne(userId, entry.Value, isConnected: entry.Name.Length > 0);
                all = all == null ? one : Join(all, one);
            }
            return all;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static PresenceMember ReadOne(string userId, JsonElement entry, bool isConnected) => new(
        userId,
        entry.GetProperty("username").GetString()!,
        entry.TryGetProperty("client_id", out var client) ? client.GetString() : null,
        entry.GetProperty("status").GetString()!,
        DateTimeOffset.FromUnixTimeMilliseconds(entry.GetProperty("connected_at").GetInt64()),
        isConnected ? entry.GetProperty("connections").GetInt32() : 0)
    {
        StatusSetAt = entry.TryGetProperty("status_at", out var setAt) ? DateTimeOffset.FromUnixTimeMilliseconds(setAt.GetInt64()) : null,
    };

    private static PresenceMember Join(PresenceMember a, PresenceMember b)
    {
        var newest = a.ConnectedAt > b.ConnectedAt ? a : b;
        var latestStatus = b.StatusSetAt is { } at && (a.StatusSetAt is not { } before || at >= before) ? b : a;
        return newest with
        {
            Status = latestStatus.Status,
            StatusSetAt = latestStatus.StatusSetAt,
            ConnectedAt = a.ConnectedAt < b.ConnectedAt ? a.ConnectedAt : b.ConnectedAt,
            Connections = a.Connections + b.Connections,
        };
    }
}
