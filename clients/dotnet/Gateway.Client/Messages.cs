using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Gateway.Client;

/// <summary>What the gateway has sent. The types and their payloads are in the gateway's <c>docs/protocol.md</c>.</summary>
/// <param name="Payload">One JSON value; it stays valid.</param>
public sealed record GatewayMessage(string Type, JsonElement Payload)
{
    /// <exception cref="JsonException">The payload is not of this shape.</exception>
    public T Read<T>(JsonTypeInfo<T> type) => Payload.Deserialize(type)!;
}

/// <summary>Somebody said something in a room.</summary>
public sealed record ChatMessage(string Room, string UserId, string Username, string Content, DateTimeOffset Time, string? MessageId, long? Offset);

/// <summary>The first message on every connection.</summary>
/// <param name="GuestKey">The secret of an anonymous user.</param>
public sealed record Welcome(string ConnectionId, string UserId, string Username, string? GuestKey, string Replica, IReadOnlyList<RoomPosition> Rooms, Cluster Cluster);

/// <param name="Replicas">Of the gateway.</param>
/// <param name="Connections">On all of them.</param>
public sealed record Cluster(int Replicas, int Connections);

/// <summary>A room and its last message; without epoch and offset where the room has none.</summary>
public sealed record RoomPosition(string Room, string? Epoch, long? Offset);

/// <summary>A place in a room's sequence: in one epoch the offsets count without a break.</summary>
public sealed record Position(string Epoch, long Offset);

/// <summary>The answer to what was said. Direct messages and rooms without offsets have no offset.</summary>
public sealed record Published(long? Offset);

/// <summary>Who is in a room.</summary>
/// <param name="Connections">0 while the user may come back.</param>
public sealed record Member(string UserId, string Username, string? ClientId, string Status, DateTimeOffset ConnectedAt, int Connections);

/// <param name="Count">Of all members, of which this may be a page.</param>
/// <param name="Next">Where the next page begins; <c>null</c>: there is none.</param>
public sealed record MemberList(string Room, int Count, IReadOnlyList<Member> Members, string? Next = null);

/// <summary>How many users are in a room, on how many connections.</summary>
public sealed record MemberCounts(string Room, int Count, int Connections);

/// <param name="More">There is more in the direction of paging.</param>
public sealed record HistoryPage(string Room, string Epoch, IReadOnlyList<HistoryEntry> Messages, bool More);

public sealed record HistoryEntry(long Offset, string Type, JsonElement Payload);

internal sealed record JoinAnswer(string Room, string? Epoch, long? Offset, bool? Recovered, long? Replayed, string? Reason);

/// <summary>How the gateway's payloads are read and written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChatMessage))]
[JsonSerializable(typeof(Welcome))]
[JsonSerializable(typeof(Published))]
[JsonSerializable(typeof(MemberList))]
[JsonSerializable(typeof(MemberCounts))]
[JsonSerializable(typeof(HistoryPage))]
[JsonSerializable(typeof(JoinAnswer))]
internal sealed partial class GatewayJson : JsonSerializerContext;
