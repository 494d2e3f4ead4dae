using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Gateway.Client;

/// <summary>A message from the gateway. The types and their payloads are in the gateway's <c>docs/protocol.md</c>.</summary>
/// <param name="Type">The type, for example <c>chat</c>.</param>
/// <param name="Payload">One JSON value; it stays valid.</param>
public sealed record GatewayMessage(string Type, JsonElement Payload)
{
    /// <summary>Reads the payload as <typeparamref name="T"/>.</summary>
    /// <param name="type">The source-generated description of <typeparamref name="T"/>.</param>
    /// <exception cref="JsonException">The payload does not have this shape.</exception>
    public T Read<T>(JsonTypeInfo<T> type) => Payload.Deserialize(type)!;
}

/// <summary>A chat message in a room.</summary>
/// <param name="Room">The room.</param>
/// <param name="UserId">The sender.</param>
/// <param name="Username">The sender's name, for people.</param>
/// <param name="Content">The text.</param>
/// <param name="Time">When the gateway accepted the message.</param>
/// <param name="MessageId">The id that the sender gave the message.</param>
/// <param name="Offset">The message's place in the room; <c>null</c> in rooms without history.</param>
public sealed record ChatMessage(
    string Room, string UserId, string Username, string Content, DateTimeOffset Time, string? MessageId, long? Offset);

/// <summary>The first message on every connection.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="UserId">The user.</param>
/// <param name="Username">The user's name, for people.</param>
/// <param name="GuestKey">The secret of an anonymous user.</param>
/// <param name="Replica">The replica that the connection is on.</param>
/// <param name="Rooms">The rooms that the connection is in.</param>
/// <param name="Cluster">All replicas together.</param>
public sealed record Welcome(
    string ConnectionId,
    string UserId,
    string Username,
    string? GuestKey,
    string Replica,
    IReadOnlyList<RoomPosition> Rooms,
    Cluster Cluster);

/// <summary>All replicas of the gateway together.</summary>
/// <param name="Replicas">How many there are.</param>
/// <param name="Connections">How many connections they have.</param>
public sealed record Cluster(int Replicas, int Connections);

/// <summary>A room and its last message; without epoch and offset where the room has none.</summary>
/// <param name="Room">The room.</param>
/// <param name="Epoch">The epoch that the offset belongs to.</param>
/// <param name="Offset">The offset of the last message.</param>
public sealed record RoomPosition(string Room, string? Epoch, long? Offset);

/// <summary>A place in a room. Within one epoch the offsets count up without a break.</summary>
/// <param name="Epoch">The epoch. A room that loses its history begins a new one.</param>
/// <param name="Offset">The offset.</param>
public sealed record Position(string Epoch, long Offset);

/// <summary>The gateway's answer to a published message.</summary>
/// <param name="Offset">The message's place in the room; <c>null</c> for direct messages and in rooms without offsets.</param>
public sealed record Published(long? Offset);

/// <summary>A user who is in a room.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Username">The user's name, for people.</param>
/// <param name="ClientId">The client application, if the user's token names it.</param>
/// <param name="Status">The status that the user has set.</param>
/// <param name="ConnectedAt">When the user entered.</param>
/// <param name="Connections">The user's connections in the room; 0 while the user may still reconnect.</param>
public sealed record Member(string UserId, string Username, string? ClientId, string Status, DateTimeOffset ConnectedAt, int Connections);

/// <summary>A page of the users who are in a room.</summary>
/// <param name="Room">The room.</param>
/// <param name="Count">How many users are in the room, those of other pages included.</param>
/// <param name="Members">The users of this page.</param>
/// <param name="Next">Where the next page begins; <c>null</c> on the last one.</param>
public sealed record MemberList(string Room, int Count, IReadOnlyList<Member> Members, string? Next = null);

/// <summary>How many users are in a room, on how many connections.</summary>
/// <param name="Room">The room.</param>
/// <param name="Count">How many users.</param>
/// <param name="Connections">How many connections.</param>
public sealed record MemberCounts(string Room, int Count, int Connections);

/// <summary>A page of a room's history.</summary>
/// <param name="Room">The room.</param>
/// <param name="Epoch">The epoch of the messages' offsets.</param>
/// <param name="Messages">The messages, oldest first.</param>
/// <param name="More">Whether there are more in the direction of paging.</param>
public sealed record HistoryPage(string Room, string Epoch, IReadOnlyList<HistoryEntry> Messages, bool More);

/// <summary>A message of a room's history.</summary>
/// <param name="Offset">The message's place in the room.</param>
/// <param name="Type">The type, for example <c>chat</c>.</param>
/// <param name="Payload">The payload.</param>
public sealed record HistoryEntry(long Offset, string Type, JsonElement Payload);

internal sealed record JoinAnswer(string Room, string? Epoch, long? Offset, bool? Recovered, long? Replayed, string? Reason);

/// <summary>How the gateway's payloads are read and written.</summary>
[
    JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)
]
[JsonSerializable(typeof(ChatMessage))]
[JsonSerializable(typeof(Welcome))]
[JsonSerializable(typeof(Published))]
[JsonSerializable(typeof(MemberList))]
[JsonSerializable(typeof(MemberCounts))]
[JsonSerializable(typeof(HistoryPage))]
[JsonSerializable(typeof(JoinAnswer))]
internal sealed partial class GatewayJson : JsonSerializerContext;
