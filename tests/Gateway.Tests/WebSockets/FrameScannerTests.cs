using Gateway.AspNetCore.WebSockets;
using Xunit;

namespace Gateway.Tests.WebSockets;

public sealed class FrameScannerTests
{
    /// <summary>However the bytes are cut, the same frames count.</summary>
    [Theory]
    [InlineData(false), InlineData(true)]
    public void CountsEveryFrameThatIsNoMessageWhereverTheBytesAreCut(bool endsRecords)
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var (bytes, expected) = (new List<byte>(), 0);
            for (var i = random.Next(1, 40); i > 0; i--) expected += Append(bytes, random, endsRecords);
            var (scanner, counted) = (new FrameScanner(endsRecords), 0);
            var rest = bytes.ToArray().AsSpan();
            while (!rest.IsEmpty)
            {
                var piece = Math.Min(rest.Length, random.Next(4) == 0 ? random.Next(1, 5000) : random.Next(1, 9));
                counted += scanner.Scan(rest[..piece]);
                rest = rest[piece..];
            }
            Assert.True(expected == counted, $"seed {seed}: {counted} of {expected}");
        }
    }

    private static int Append(List<byte> bytes, Random random, bool endsRecords)
    {
        var opcode = (byte)new[] { 0, 1, 2, 8, 9, 10 }[random.Next(6)];
        var final = random.Next(3) > 0;
        var length = opcode >= 8 ? random.Next(126) : new[] { 0, 1, 2, 3, 4, 5, 125, 126, 1023, 1024, 70_000 }[random.Next(11)];
        var ends = random.Next(2) == 0;
        var mask = new byte[4];
        random.NextBytes(mask);
        bytes.Add((byte)((final ? 0x80 : 0) | opcode));
        if (length < 126) bytes.Add((byte)(0x80 | length));
        else if (length <= ushort.MaxValue) bytes.AddRange([0x80 | 126, (byte)(length >> 8), (byte)length]);
        else bytes.AddRange([0x80 | 127, 0, 0, 0, 0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length]);
        bytes.AddRange(mask);
        for (var i = 0; i < length; i++) bytes.Add((byte)((i == length - 1 && ends ? 0x1e : 'x') ^ mask[i & 3]));
        if (opcode >= 8 || length == 0) return 1;
        if (!final || opcode == 0) return length < 1024 ? 1 : 0;
        return endsRecords && !ends && length < 1024 ? 1 : 0;
    }
}
