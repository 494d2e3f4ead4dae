using System.Text.Json;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>The payloads about a room's sequence: positions and history.</summary>
internal static class RoomPayloads
{
    /// <summary>
    /// <c>{"room","epoch"?,"offset"?}</c>: the reply to <c>join</c>. A room without offsets has neither. With <c>since</c> it also has
    /// <c>"recovered":true,"replayed"</c> or <c>"recovered":false,"replayed","reason"</c>.
    /// </summary>
    public static byte[] Joined(string room, Position position, int? replayed = null, string? reason = null) =>
        JsonText.Write((room, position, replayed, reason), static (json, p) =>
        {
            json.WriteStartObject();
            WriteFields(json, p.room, p.position);
            if (p.replayed is { } replayed)
            {
                json.WriteBoolean("recovered"u8, p.reason == null);
                json.WriteNumber("replayed"u8, replayed);
                if (p.reason != null) json.WriteString("reason"u8, p.reason);
            }
            json.WriteEndObject();
        });

    /// <summary>
    /// <c>{"room","epoch","messages":[{"offset","type","payload","sender"?}],"more"}</c>. The payloads are the original bytes.
    /// </summary>
    public static byte[] History(string room, string epoch, IEnumerable<(long Offset, Message Message)> messages, bool more) =>
        JsonText.Write((room, epoch, messages, more), static (json, p) =>
        {
            json.WriteStartObject();
            json.WriteString("room"u8, p.room);
            json.WriteString("epoch"u8, p.epoch);
            json.WriteStartArray("messages"u8);
            foreach (var (offset, message) in p.messages)
            {
                json.WriteStartObject();
                json.WriteNumber("offset"u8, offset);
                json.WriteString("type"u8, message.Type);
                json.WritePropertyName("payload"u8);
                json.WriteRawValue(MessageWriter.CompletePayload(message, new Position(p.epoch, offset)).Span, skipInputValidation: true);
                if (message.Sender is { } sender) MessageWriter.WriteSender(json, sender);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteBoolean("more"u8, p.more);
            json.WriteEndObject();
        });

    /// <summary>
    /// <c>{"event":"gap","room","reason":"epoch changed","from","epoch","offset"}</c>: the old epoch has no messages from offset
    /// <c>from</c> on; the next message comes after the new position.
    /// </summary>
    public static byte[] EpochChanged(string room, long from, Position next) => JsonText.Write((room, from, next), static (json, p) =>
    {
        json.WriteStartObject();
        json.WriteString("event"u8, "gap"u8);
        json.WriteString("room"u8, p.room);
        json.WriteString("reason"u8, "epoch changed"u8);
        json.WriteNumber("from"u8, p.from);
        json.WriteString("epoch"u8, p.next.Epoch);
        json.WriteNumber("offset"u8, p.next.Offset);
        json.WriteEndObject();
    });

    /// <summary><c>{"room","epoch"?,"offset"?}</c>.</summary>
    public static void WritePosition(Utf8JsonWriter json, string room, Position position)
    {
        json.WriteStartObject();
        WriteFields(json, room, position);
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, string room, Position position)
    {
        json.WriteString("room"u8, room);
        if (position.IsNone) return;
        json.WriteString("epoch"u8, position.Epoch);
        json.WriteNumber("offset"u8, position.Offset);
    }
}
