using System.Text;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class JsonRulesTests
{
    [Theory]
    [InlineData("null")]
    [InlineData("1e999")]
    [InlineData("\"\\ud83d\\ude00 é \\u0000\"")]
    [InlineData("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}")]
    [InlineData("{\"a\":1,\"A\":2}")]
    [InlineData(" [1, 2] ")]
    public void ValueThatAnyReaderTakesPasses(string value) => Assert.Null(JsonRules.Check(Encoding.UTF8.GetBytes(value)));

    [Theory]
    [InlineData("", "malformed JSON")]
    [InlineData("{", "malformed JSON")]
    [InlineData("1 2", "malformed JSON")]
    [InlineData("\"a", "malformed JSON")]
    [InlineData("{\"a\":1,\"a\":2}", "a field appears twice")]
    [InlineData("[{\"b\":{\"a\":1,\"\\u0061\":2}}]", "a field appears twice")]
    [InlineData("\"\\ud83d\"", "a string holds half a surrogate pair")]
    [InlineData("{\"\\ude00\":1}", "a string holds half a surrogate pair")]
    [InlineData("{\"a\":[\"\\ude00\\ud83d\"]}", "a string holds half a surrogate pair")]
    public void ValueThatSomeReaderChokesOnIsRefused(string value, string message) =>
        Assert.Equal(Error.BadRequest(message), JsonRules.Check(Encoding.UTF8.GetBytes(value)));

    [Fact]
    public void LongStringWithHalfASurrogatePairIsRefused() =>
        Assert.Equal(JsonRules.InvalidText, JsonRules.Check(Encoding.UTF8.GetBytes($"\"{new string('x', 5000)}\\ud83d\"")));

    [Theory]
    [InlineData(new byte[] { (byte)'"', 0xff, (byte)'"' })]
    [InlineData(new byte[] { (byte)'"', 0xc3, (byte)'"' })]
    [InlineData(new byte[] { (byte)'"', 0xed, 0xa0, 0x80, (byte)'"' })]
    public void ValueThatIsNotUtf8IsRefused(byte[] value) => Assert.Equal(JsonRules.InvalidUtf8, JsonRules.Check(value));

    [Theory]
    [InlineData(32, null)]
    [InlineData(33, "JSON is nested deeper than 32 levels")]
    [InlineData(100_000, "JSON is nested deeper than 32 levels")]
    public void NestingIsBounded(int depth, string? message) =>
        Assert.Equal(message, JsonRules.Check(Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth)))?.Text);
}
