using System.Text;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class WebSocketFrameTests
{
    [Theory]
    [InlineData(0, 2), InlineData(1, 2), InlineData(125, 2), InlineData(126, 4), InlineData(127, 4)]
    [InlineData(65_535, 4), InlineData(65_536, 10), InlineData(100_000, 10)]
    public void LengthHasItsShortestForm(int length, int header)
    {
        var payload = new byte[length];
        new Random(length).NextBytes(payload);

        var frame = WebSocketFrame.WriteText(payload);

        Assert.Equal(header, WebSocketFrame.HeaderLength(length));
        Assert.Equal(header + length, frame.Length);
        Assert.Equal(payload, Frames.TextOf(frame));
    }

    [Fact]
    public void HeaderIsLaidOutAsTheRfcSays()
    {
        Assert.Equal([0x81, 125], WebSocketFrame.WriteText(new byte[125])[..2]);
        Assert.Equal([0x81, 126, 0, 126], WebSocketFrame.WriteText(new byte[126])[..4]);
        Assert.Equal([0x81, 126, 0xff, 0xff], WebSocketFrame.WriteText(new byte[65_535])[..4]);
        Assert.Equal([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], WebSocketFrame.WriteText(new byte[65_536])[..10]);
        Assert.Equal([0x89, 0], WebSocketFrame.WritePing());
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("bye", 3)]
    [InlineData("é", 2)]
    public void CloseCarriesCodeAndReason(string reason, int bytes) =>
        Assert.Equal([0x88, (byte)(2 + bytes), 0x03, 0xf0, .. Encoding.UTF8.GetBytes(reason)], WebSocketFrame.WriteClose(1008, reason));

    [Theory]
    [InlineData(122, "x", 123), InlineData(123, "x", 123), InlineData(500, "x", 123)]
    [InlineData(121, "é", 123), InlineData(122, "é", 122)]
    [InlineData(120, "日", 123), InlineData(121, "日", 121), InlineData(122, "日", 122)]
    [InlineData(119, "😀", 123), InlineData(120, "😀", 120), InlineData(121, "😀", 121), InlineData(122, "😀", 122)]
    public void CloseReasonIsCutBetweenCharacters(int ascii, string last, int expected)
    {
        var reason = new string('x', ascii) + last;

        var frame = WebSocketFrame.WriteClose(1000, reason);

        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(frame.AsSpan(4));
        Assert.Equal(expected, frame.Length - 4);
        Assert.Equal(frame.Length - 2, frame[1]);
        Assert.StartsWith(text, reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x81, false, true, false), InlineData(0x01, false, false, false), InlineData(0x00, false, false, false),
    InlineData(0x80, false, true, false)]
    [InlineData(0xc1, false, true, false), InlineData(0x41, false, false, false)] // compressed
    [InlineData(0x88, true, true, true), InlineData(0x89, false, true, true), InlineData(0x8a, false, true, true)]
    public void KindsOfFramesAreToldApart(byte first, bool close, bool final, bool control)
    {
        byte[] frame = [first, 0];

        Assert.Equal(
            (close, final, control), (WebSocketFrame.IsClose(frame), WebSocketFrame.IsFinal(frame), WebSocketFrame.IsControl(frame)));
    }
}
