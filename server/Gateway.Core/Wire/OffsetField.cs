using System.Buffers.Text;

namespace Gateway.Core.Wire;

/// <summary>
/// The backplane assigns the offset when the payload is already JSON. So the offset becomes the payload's last field: <c>{…}</c> turns into
/// <c>{…,"offset":17}</c>, and <c>{}</c> into <c>{"offset":17}</c>.
/// </summary>
internal static class OffsetField
{
    private static ReadOnlySpan<byte> Name => "\"offset\":"u8;

    /// <param name="payload">A JSON object without white space after its last brace and without a field <c>offset</c>.</param>
    public static byte[] Append(ReadOnlySpan<byte> payload, long offset)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(offset, digits, out var digitCount);
        var body = payload[..^1];
        var comma = body.TrimEnd(" \t\r\n"u8).Length > 1 ? 1 : 0;
        var result = new byte[body.Length + comma + Name.Length + digitCount + 1];
        var rest = result.AsSpan();
        body.CopyTo(rest);
        rest = rest[body.Length..];
        if (comma == 1) rest[0] = (byte)',';
        rest = rest[comma..];
        Name.CopyTo(rest);
        rest = rest[Name.Length..];
        digits[..digitCount].CopyTo(rest);
        rest[digitCount] = (byte)'}';
        return result;
    }
}
