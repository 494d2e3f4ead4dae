using System.Buffers.Binary;
using System.Text;

namespace Gateway.Core.Wire;

/// <summary>
/// Frames that a server sends, RFC 6455 section 5.2: unmasked, unfragmented, no extension bits.
/// <code>
/// byte 0      1 0 0 0 oooo       FIN and opcode
/// byte 1      0 lllllll          0..125, or 126 (16-bit length follows), or 127 (64-bit length follows); big endian
/// then        payload
/// </code>
/// </summary>
internal static class WebSocketFrame
{
    public const byte Text = 0x81;
    public const byte Close = 0x88;
    public const byte Ping = 0x89;

    /// <summary>Section 7.4.1: the status codes for a client that breaks the protocol.</summary>
    public const int ProtocolError = 1002;
    public const int InvalidPayload = 1007;

    /// <summary>RFC 6455 section 5.5: the payload of a control frame (a close frame's code and reason) has at most 125 bytes.</summary>
    private const int MaxCloseReasonBytes = 123;

    public static int HeaderLength(int payloadLength) => payloadLength switch { < 126 => 2, <= ushort.MaxValue => 4, _ => 10 };

    /// <summary>Writes the header and returns its length.</summary>
    public static int WriteHeader(Span<byte> destination, byte finAndOpcode, int payloadLength)
    {
        destination[0] = finAndOpcode;
        switch (payloadLength)
        {
            case < 126:
                destination[1] = (byte)payloadLength;
                return 2;
            case <= ushort.MaxValue:
                destination[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payloadLength);
                return 4;
            default:
                destination[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payloadLength);
                return 10;
        }
    }

    public static byte[] WriteText(ReadOnlySpan<byte> payload) => Write(Text, payload);

    /// <summary>Writes a whole message in one frame.</summary>
    /// <param name="opcode">Section 11.8: 1 text, 2 binary.</param>
    public static byte[] WriteData(byte opcode, ReadOnlySpan<byte> payload) => Write((byte)(0x80 | opcode), payload);

    public static byte[] WritePing() => Write(Ping, []);

    /// <summary>Section 5.5.1: two bytes of status code, then a UTF-8 reason, which is cut to fit.</summary>
    public static byte[] WriteClose(int code, string reason)
    {
        Span<byte> payload = stackalloc byte[2 + MaxCloseReasonBytes];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Encoding.UTF8.GetEncoder().Convert(reason, payload[2..], flush: true, out _, out var written, out _);
        return Write(Close, payload[..(2 + written)]);
    }

    /// <summary>Returns whether this is a close frame.</summary>
    public static bool IsClose(ReadOnlySpan<byte> frame) => !frame.IsEmpty && frame[0] == Close;

    /// <summary>Returns the status code of a server's close frame; 0 for any other frame, or without a code.</summary>
    public static int CloseCode(ReadOnlySpan<byte> frame) =>
        IsClose(frame) && frame.Length >= 4 ? BinaryPrimitives.ReadUInt16BigEndian(frame[2..]) : 0;

    /// <summary>Returns the FIN bit: the frame is a whole message, or the last fragment of one.</summary>
    public static bool IsFinal(ReadOnlySpan<byte> frame) => !frame.IsEmpty && (frame[0] & 0x80) != 0;

    /// <summary>Returns whether this is a close, ping or pong frame, which may come between the fragments of a message.</summary>
    public static bool IsControl(ReadOnlySpan<byte> frame) => !frame.IsEmpty && (frame[0] & 0x08) != 0;

    private static byte[] Write(byte finAndOpcode, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeaderLength(payload.Length) + payload.Length];
        payload.CopyTo(frame.AsSpan(WriteHeader(frame, finAndOpcode, payload.Length)));
        return frame;
    }
}
