using System.Text;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class PayloadFieldsTests
{
    private static readonly FieldNames Names = new("room", "content");

    [Theory]
    [InlineData("{\"room\":\"r\",\"content\":\"c\"}", "r", "\"c\"")]
    [InlineData("{\"content\":\"\\u0063\",\"more\":{\"room\":1},\"room\":\"\\u0072\"}", "r", "\"\\u0063\"")]
    [InlineData("{\"r\\u006fom\":\"r\",\"content\":\"\"}", "r", "\"\"")]
    [InlineData("{\"content\":\"c\"}", null, "\"c\"")]
    [InlineData("{\"room\":null,\"content\":\"c\"}", null, "\"c\"")]
    [InlineData("{ \"more\":1, \"more\":2, \"content\" : \"😀\" }", null, "\"😀\"")]
    public void FieldsAreFoundWhereverTheyStand(string payload, string? room, string content)
    {
        var fields = new PayloadFields(Encoding.UTF8.GetBytes(payload), Names);

        Assert.Equal((room, content), (fields.OptionalString(0, 10), Encoding.UTF8.GetString(fields.RequiredText(1))));
        Assert.Null(fields.Error);
    }

    [Theory]
    [InlineData("null", "content is missing")]
    [InlineData("{}", "content is missing")]
    [InlineData("{\"content\":null}", "content is missing")]
    [InlineData("[]", "payload must be an object")]
    [InlineData("\"text\"", "payload must be an object")]
    [InlineData("17", "payload must be an object")]
    [InlineData("{\"content\":17}", "content must be a string")]
    [InlineData("{\"content\":{\"a\":1}}", "content must be a string")]
    [InlineData("{\"content\":[\"c\"]}", "content must be a string")]
    [InlineData("{\"content\":true}", "content must be a string")]
    [InlineData("{\"content\":\"\\ud83d\"}", "content holds half a surrogate pair")]
    [InlineData("{\"room\":5,\"content\":\"c\"}", "room must be a string")]
    [InlineData("{\"room\":\"\\ud83d\",\"content\":\"c\"}", "room holds half a surrogate pair")]
    [InlineData("{\"room\":\"12345678901\",\"content\":\"c\"}", "room is longer than 10 characters")]
    [InlineData("{\"content\":\"c\",\"content\":\"d\"}", "content appears twice")]
    [InlineData("{\"content\":null,\"content\":\"d\"}", "content appears twice")]
    [InlineData("{\"content\":\"c\",\"\\ud83d\":1}", "a string holds half a surrogate pair")]
    [InlineData("{\"content\":\"c\"", "malformed JSON")]
    [InlineData("", "malformed JSON")]
    public void FirstFaultIsNamedAndNothingIsReadAfterIt(string payload, string message)
    {
        var fields = new PayloadFields(Encoding.UTF8.GetBytes(payload), Names);
        fields.OptionalString(0, 10);
        fields.RequiredText(1);

        Assert.Equal(message, fields.Error?.Text);
        Assert.Null(fields.OptionalString(0, 10));
        Assert.Equal("", fields.RequiredString(1, 10));
        Assert.True(fields.RequiredText(1).IsEmpty);
        Assert.Equal(message, fields.Error?.Text);
    }

    [Fact]
    public void FieldThatIsNotAskedForMayNotNestTooDeepEither()
    {
        var fields = new PayloadFields(
            Encoding.UTF8.GetBytes($$"""{"more":{{new string('[', 32)}}{{new string(']', 32)}},"content":"c"}"""), Names);

        Assert.Equal("JSON is nested deeper than 32 levels", fields.Error?.Text);
    }
}
