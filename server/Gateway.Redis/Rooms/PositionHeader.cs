using System.Buffers.Text;
using System.Text;
using Gateway.Core.Messages;

namespace Gateway.Redis.Rooms;

/// <summary>
/// The header of a backplane frame in a Redis message: <c>epoch:offset:</c> in ASCII, written by the script that assigns the offset;
/// <c>::</c> for a message without a position.
/// </summary>
internal static class PositionHeader
{
    public static ReadOnlySpan<byte> None => "::"u8;

    /// <returns>False if the message has no such header.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> message, out Position position, out ReadOnlyMemory<byte> frame)
    {
        position = Position.None;
        frame = default;
        var span = message.Span;
        var epochEnd = span.IndexOf((byte)':');
        if (epochEnd < 0) return false;
        var offsetLength = span[(epochEnd + 1)..].IndexOf((byte)':');
        if (offsetLength < 0) return false;
        frame = message[(epochEnd + offsetLength + 2)..];
        if (epochEnd == 0) return true;
        var number = span.Slice(epochEnd + 1, offsetLength);
        if (!Utf8Parser.TryParse(number, out long offset, out var used) || used != offsetLength) return false;
        position = new Position(Encoding.ASCII.GetString(span[..epochEnd]), offset);
        return true;
    }
}
