using System.Buffers.Binary;
using System.Text;

namespace Gateway.Core.Tests.Wire;

/// <summary>
/// Reads what a server sends, RFC 6455 section 5.2, written here anew so that the gateway's own code is not its own judge.
/// </summary>
internal static class Frames
{
    /// <summary>The payload of one unfragmented text frame, whose header is checked.</summary>
    public static byte[] TextOf(ReadOnlySpan<byte> bytes)
    {
        var length = Read(bytes, out var opcode, out var payload);
        Assert.Equal(0x81, opcode);
        Assert.Equal(bytes.Length, length);
        return payload.ToArray();
    }

    /// <summary>Reads one whole frame and returns its length, or 0 if it is not whole.</summary>
    public static int Read(ReadOnlySpan<byte> bytes, out byte finAndOpcode, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        finAndOpcode = 0;
        if (bytes.Length < 2) return 0;
        finAndOpcode = bytes[0];
        Assert.True((bytes[1] & 0x80) == 0, "a server does not mask");
        int header = 2;
        ulong length = bytes[1];
        if (length == 126)
        {
            if (bytes.Length < 4) return 0;
            length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            Assert.True(length >= 126, "the shortest form of a length is demanded");
            header = 4;
        }
        else if (length == 127)
        {
            if (bytes.Length < 10) return 0;
            length = BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]);
            Assert.True(length > ushort.MaxValue, "the shortest form of a length is demanded");
            header = 10;
        }
        if ((ulong)(bytes.Length - header) < length) return 0;
        payload = bytes.Slice(header, (int)length);
        return header + (int)length;
    }

    /// <summary>
    /// All frames of a stream of bytes, which must end with a whole one: opcode (with FIN) and payload as Latin-1, so that every byte is
    /// seen.
    /// </summary>
    public static List<(byte FinAndOpcode, string Payload)> ReadAll(ReadOnlySpan<byte> bytes)
    {
        var frames = new List<(byte, string)>();
        while (!bytes.IsEmpty)
        {
            var length = Read(bytes, out var opcode, out var payload);
            Assert.True(length > 0, "the stream ends within a frame");
            frames.Add((opcode, Encoding.Latin1.GetString(payload)));
            bytes = bytes[length..];
        }
        return frames;
    }
}
