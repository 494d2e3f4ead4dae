using System.Globalization;
using System.Text.Json;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>The payloads that the gateway writes; docs/protocol.md shows each. Names are snake_case in both dialects.</summary>
internal static class Payloads
{
    public static ReadOnlyMemory<byte> Empty { get; } = "{}"u8.ToArray();

    /// <summary>RFC 3339 in UTC with milliseconds.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// <c>{"room","user_id","username","content","time","message_id"?}</c>; the offset is added when it is known, see <see
    /// cref="OffsetField"/>.
    /// </summary>
    /// <param name="content">A JSON string, quotes included.</param>
    public static byte[] Chat(
        string room, string userId, string username, ReadOnlySpan<byte> content, DateTimeOffset time, string? messageId) =>
        JsonText.Write(new TextFields("room", room, userId, username, content, time, messageId), WriteTextMessage);

    /// <summary><c>{"to","user_id","username","content","time","message_id"?}</c>.</summary>
    /// <param name="content">A JSON string, quotes included.</param>
    public static byte[] Direct(
        string to, string userId, string username, ReadOnlySpan<byte> content, DateTimeOffset time, string? messageId) =>
        JsonText.Write(new TextFields("to", to, userId, username, content, time, messageId), WriteTextMessage);

    /// <summary><c>{"event","room"?,"user_id"?,"username"?}</c>.</summary>
    public static byte[] System(string @event, string? room = null, string? userId = null, string? username = null) =>
        JsonText.Write((@event, room, userId, username), static (json, p) =>
        {
            json.WriteStartObject();
            json.WriteString("event"u8, p.@event);
            if (p.room != null) json.WriteString("room"u8, p.room);
            if (p.userId != null) json.WriteString("user_id"u8, p.userId);
            if (p.username != null) json.WriteString("username"u8, p.username);
            json.WriteEndObject();
        });

    /// <summary>
    /// <c>{"event":"gap","room"?,"missed","from"?,"to"?}</c>: the number of missed messages, and their first and last offset if the room
    /// has offsets.
    /// </summary>
    public static byte[] Gap(string? room, long missed, long from, long to) =>
        JsonText.Write((room, missed, from, to), static (json, gap) =>
        {
            json.WriteStartObject();
            json.WriteString("event"u8, "gap"u8);
            if (gap.room != null) json.WriteString("room"u8, gap.room);
            json.WriteNumber("missed"u8, gap.missed);
            if (gap.from > 0)
            {
                json.WriteNumber("from"u8, gap.from);
                json.WriteNumber("to"u8, gap.to);
            }
            json.WriteEndObject();
        });

    /// <summary>
    /// <c>{"connection_id","user_id","username","guest_key"?,"replica","rooms":[{"room","epoch","offset"}],
    /// "cluster":{"replicas","connections"}}</c>.
    /// </summary>
    public static byte[] Welcome(
        string connectionId, string userId, string username, string? guestKey, string replica,
        IReadOnlyList<(string Room, Position Position)> rooms,
        (int Replicas, int Connections) cluster) =>
        JsonText.Write((connectionId, userId, username, guestKey, replica, rooms, cluster), static (json, p) =>
        {
            json.WriteStartObject();
            json.WriteString("connection_id"u8, p.connectionId);
            json.WriteString("user_id"u8, p.userId);
            json.WriteString("username"u8, p.username);
            if (p.guestKey != null) json.WriteString("guest_key"u8, p.guestKey);
            json.WriteString("replica"u8, p.replica);
            json.WriteStartArray("rooms"u8);
            foreach (var (room, position) in p.rooms) RoomPayloads.WritePosition(json, room, position);
            json.WriteEndArray();
            json.WriteStartObject("cluster"u8);
            json.WriteNumber("replicas"u8, p.cluster.Replicas);
            json.WriteNumber("connections"u8, p.cluster.Connections);
            json.WriteEndObject();
            json.WriteEndObject();
        });

    /// <summary><c>{"room"}</c>: the reply to <c>leave</c>.</summary>
    public static byte[] Left(string room) => JsonText.Write(room, static (json, room) =>
    {
        json.WriteStartObject();
        json.WriteString("room"u8, room);
        json.WriteEndObject();
    });

    /// <summary><c>{"offset"?}</c>: the reply to a published message: its offset in the room.</summary>
    public static ReadOnlyMemory<byte> Published(Position position) =>
        position.Offset == 0 ? Empty : JsonText.Write(position.Offset, static (json, offset) =>
        {
            json.WriteStartObject();
            json.WriteNumber("offset"u8, offset);
            json.WriteEndObject();
        });

    /// <summary><c>{"connections"}</c>: the reply to <c>direct</c>: how many connections got it.</summary>
    public static byte[] Delivered(long connections) => JsonText.Write(connections, static (json, connections) =>
    {
        json.WriteStartObject();
        json.WriteNumber("connections"u8, connections);
        json.WriteEndObject();
    });

    /// <summary><c>{"time"}</c>.</summary>
    public static byte[] Pong(DateTimeOffset time) => JsonText.Write(time, static (json, time) =>
    {
        json.WriteStartObject();
        json.WriteString("time"u8, Time(time));
        json.WriteEndObject();
    });

    private static void WriteTextMessage(Utf8JsonWriter json, TextFields p)
    {
        json.WriteStartObject();
        json.WriteString(p.Where, p.Name);
        json.WriteString("user_id"u8, p.UserId);
        json.WriteString("username"u8, p.Username);
        json.WritePropertyName("content"u8);
        WriteText(json, p.Content);
        json.WriteString("time"u8, Time(p.At));
        if (p.MessageId != null) json.WriteString("message_id"u8, p.MessageId);
        json.WriteEndObject();
    }

    /// <summary>A client's string in our own escaping, so that equal texts have equal bytes.</summary>
    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> quoted)
    {
        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        if (reader.ValueIsEscaped) json.WriteStringValue(reader.GetString());
        else json.WriteStringValue(reader.ValueSpan);
    }

    private readonly ref struct TextFields(
        string where, string name, string userId, string username, ReadOnlySpan<byte> content, DateTimeOffset at, string? messageId)
    {
        public readonly string Where = where;
        public readonly string Name = name;
        public readonly string UserId = userId;
        public readonly string Username = username;
        public readonly ReadOnlySpan<byte> Content = content;
        public readonly DateTimeOffset At = at;
        public readonly string? MessageId = messageId;
    }
}
