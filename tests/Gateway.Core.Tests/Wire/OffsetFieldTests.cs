using System.Text;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class OffsetFieldTests
{
    [Theory]
    [InlineData("{}", 17, "{\"offset\":17}")]
    [InlineData("{ \r\n}", 17, "{ \r\n\"offset\":17}")]
    [InlineData("{\"a\":1}", 1, "{\"a\":1,\"offset\":1}")]
    [InlineData("{\"a\":{} }", long.MaxValue, "{\"a\":{} ,\"offset\":9223372036854775807}")]
    [InlineData("{\"a\":\"}\"}", 2, "{\"a\":\"}\",\"offset\":2}")]
    public void OffsetBecomesTheLastField(string payload, long offset, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(OffsetField.Append(Encoding.UTF8.GetBytes(payload), offset)));

    [Theory]
    [InlineData(true, 5, "{\"offset\":5}")]
    [InlineData(true, 0, "{}")]
    [InlineData(false, 5, "{}")]
    public void OnlyAMessageThatCarriesItGetsOneAndOnlyInARoomThatHasThem(bool carries, long offset, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(MessageWriter.CompletePayload(
            new Message("chat", "{}"u8.ToArray()) { CarriesOffset = carries }, new Position("e", offset)).Span));
}
