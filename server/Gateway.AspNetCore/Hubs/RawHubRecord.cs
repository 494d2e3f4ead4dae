using System.Buffers;
using System.Buffers.Binary;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// The records in the pipes between a raw client's WebSocket and SignalR.
/// <code>
/// to the hub      byte 0: 1 text, 2 binary     bytes 1..4: length, little endian     then the client's message
/// from the hub    one JSON text, or "closed" or "failed" for a close frame     then 1e, which no JSON text holds
/// </code>
/// </summary>
internal static class RawHubRecord
{
    private const int HeaderBytes = 5;
    private const byte Text = 1;
    private const byte Binary = 2;
    private const byte Separator = 0x1e;

    /// <summary>The handshake that SignalR waits for. A raw client sends none.</summary>
    public static ReadOnlySpan<byte> Handshake => "{\"protocol\":\"gateway-raw\",\"version\":1}\u001e"u8;

    /// <summary>The hub has ended.</summary>
    public static ReadOnlySpan<byte> Closed => "closed"u8;

    /// <summary>The hub has ended with a fault.</summary>
    public static ReadOnlySpan<byte> Failed => "failed"u8;

    /// <summary>Writes a message of the client.</summary>
    public static void WriteMessage(IBufferWriter<byte> output, ReadOnlySpan<byte> message, bool isText)
    {
        var header = output.GetSpan(HeaderBytes);
        header[0] = isText ? Text : Binary;
        BinaryPrimitives.WriteInt32LittleEndian(header[1..], message.Length);
        output.Advance(HeaderBytes);
        output.Write(message);
    }

    /// <summary>Reads a message of the client, and advances <paramref name="input"/> behind it.</summary>
    /// <returns><c>false</c> if it is not complete.</returns>
    public static bool TryReadMessage(ref ReadOnlySequence<byte> input, out ReadOnlySequence<byte> message, out bool isText)
    {
        (message, isText) = (default, false);
        if (input.Length < HeaderBytes) return false;
        Span<byte> header = stackalloc byte[HeaderBytes];
        input.Slice(0, HeaderBytes).CopyTo(header);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header[1..]);
        if (input.Length - HeaderBytes < length) return false;
        message = input.Slice(HeaderBytes, length);
        isText = header[0] == Text;
        input = input.Slice(message.End);
        return true;
    }

    /// <summary>Writes a record of the hub.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> record)
    {
        output.Write(record);
        output.Write([Separator]);
    }

    /// <summary>Reads a record of the hub, and advances <paramref name="records"/> behind it.</summary>
    public static bool TryRead(ref ReadOnlyMemory<byte> records, out ReadOnlyMemory<byte> record)
    {
        var end = records.Span.IndexOf(Separator);
        record = end < 0 ? default : records[..end];
        if (end >= 0) records = records[(end + 1)..];
        return end >= 0;
    }
}
