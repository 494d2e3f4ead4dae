using System.Text;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class EnvelopeReaderTests
{
    private const string NotAnObject = "a message must be a JSON object: {\"type\":…,\"payload\":…}";
    private const string HalfAPair = "a string holds half a surrogate pair";

    [Theory]
    [InlineData("", "empty message")]
    [InlineData(" ", "malformed JSON")]
    [InlineData("\ufeff{\"type\":\"chat\"}", "malformed JSON")]
    [InlineData("chat", "malformed JSON")]
    [InlineData("{", "malformed JSON")]
    [InlineData("{\"type\":\"chat\"", "malformed JSON")]
    [InlineData("{\"type\":\"chat\",}", "malformed JSON")]
    [InlineData("{\"type\":\"chat\"}}", "malformed JSON")]
    [InlineData("{\"type\":\"chat\"} {\"type\":\"chat\"}", "malformed JSON")]
    [InlineData("{\"type\":\"chat\"}\u001e", "malformed JSON")]
    [InlineData("{'type':'chat'}", "malformed JSON")]
    [InlineData("{\"type\":\"a\nb\"}", "malformed JSON")]
    [InlineData("{\"type\":\"\\x\"}", "malformed JSON")]
    [InlineData("{\"type\":\"chat\",\"payload\":01}", "malformed JSON")]
    [InlineData("{\"type\":\"chat\",\"payload\":NaN}", "malformed JSON")]
    [InlineData("{\"type\":\"chat\" /* really */}", "malformed JSON")]
    [InlineData("// {}\n{\"type\":\"chat\"}", "malformed JSON")]
    [InlineData("[]", NotAnObject)]
    [InlineData("[{\"type\":\"chat\"}]", NotAnObject)]
    [InlineData("\"chat\"", NotAnObject)]
    [InlineData("17", NotAnObject)]
    [InlineData("null", NotAnObject)]
    [InlineData("{}", "type is missing")]
    [InlineData("{\"Type\":\"chat\"}", "type is missing")]
    [InlineData("{\"payload\":{\"type\":\"chat\"}}", "type is missing")]
    [InlineData("{\"type\":null}", "type must be a string")]
    [InlineData("{\"type\":17}", "type must be a string")]
    [InlineData("{\"type\":{\"a\":[1,2]},\"payload\":1}", "type must be a string")]
    [InlineData("{\"type\":[\"chat\"]}", "type must be a string")]
    [InlineData("{\"type\":\"\"}", "type must not be empty")]
    [InlineData("{\"type\":\"chat\",\"type\":\"chat\"}", "type appears twice")]
    [InlineData("{\"type\":\"chat\",\"t\\u0079pe\":\"chat\"}", "type appears twice")]
    [InlineData("{\"type\":\"chat\",\"payload\":1,\"payload\":1}", "payload appears twice")]
    [InlineData("{\"type\":\"chat\",\"id\":1,\"id\":1}", "id appears twice")]
    [InlineData("{\"type\":\"chat\",\"id\":true}", "id must be a string or a number")]
    [InlineData("{\"type\":\"chat\",\"id\":{}}", "id must be a string or a number")]
    [InlineData("{\"type\":\"chat\",\"id\":[1]}", "id must be a string or a number")]
    [InlineData("{\"type\":\"\\ud800\"}", HalfAPair)]
    [InlineData("{\"type\":\"a\\udc00b\"}", HalfAPair)]
    [InlineData("{\"type\":\"chat\",\"id\":\"\\ud83d\"}", HalfAPair)]
    [InlineData("{\"type\":\"chat\",\"\\ud83d\":1}", HalfAPair)]
    public void BadInputGetsAnErrorThatNamesIt(string frame, string message)
    {
        var error = EnvelopeReader.Read(Encoding.UTF8.GetBytes(frame), out _);

        Assert.Equal(Error.BadRequest(message), error);
    }

    [Fact]
    public void TypeAndIdMayHaveTheirFullLengthAndNoMore()
    {
        Assert.Null(Read($$"""{"type":"{{new string('t', 64)}}","id":"{{new string('i', 254)}}"}""").Error);
        Assert.Equal("type is longer than 64 bytes", Read($$"""{"type":"{{new string('t', 65)}}"}""").Error?.Text);
        Assert.Equal("type is longer than 64 bytes", Read($$"""{"type":"{{new string('é', 33)}}"}""").Error?.Text);
        Assert.Equal("id is longer than 256 bytes", Read($$"""{"type":"t","id":"{{new string('i', 255)}}"}""").Error?.Text);
        Assert.Equal("id is longer than 256 bytes", Read($$"""{"type":"t","id":{{new string('1', 257)}}}""").Error?.Text);
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(2000, false)]
    public void PayloadMayNestThirtyTwoDeep(int depth, bool allowed)
    {
        var payload = new string('[', depth) + new string(']', depth);
        var error = Read($$"""{"type":"t","payload":{{payload}}}""").Error;

        if (allowed) Assert.Null(error);
        else Assert.Equal("JSON is nested deeper than 32 levels", error?.Text);
        Assert.Equal(error, Read($$"""{"ignored":{{payload}},"type":"t"}""").Error);
    }

    [Fact]
    public void DeepPayloadThatIsMalformedIsCalledMalformed() =>
        Assert.Equal("malformed JSON", Read($$"""{"type":"t","payload":{{new string('[', 32)}},}""").Error?.Text);

    [Theory]
    [InlineData("{\"type\":\"chat\",\"payload\":{\"a\":1},\"id\":\"x\"}", "chat", "{\"a\":1}", "\"x\"")]
    [InlineData(" \r\n{\t\"id\" : 17 , \"payload\" :  [1, 2] , \"type\" : \"chat\" } \n", "chat", "[1, 2]", "17")]
    [InlineData("{\"type\":\"chat\"}", "chat", "null", "")]
    [InlineData("{\"type\":\"chat\",\"payload\":null,\"id\":null}", "chat", "null", "")]
    [InlineData("{\"type\":\"ch\\u0061t\",\"payload\":\"\\u0061\",\"id\":\"\\u0061\"}", "chat", "\"\\u0061\"", "\"\\u0061\"")]
    [InlineData("{\"t\\u0079pe\":\"chat\"}", "chat", "null", "")]
    [InlineData("{\"type\":\"\\ud83d\\ude00\",\"id\":\"\\ud83d\\ude00\"}", "😀", "null", "\"\\ud83d\\ude00\"")]
    [InlineData("{\"type\":\"é\",\"payload\":\"é\",\"id\":\"é\"}", "é", "\"é\"", "\"é\"")]
    [InlineData("{\"type\":\"chat\",\"id\":-1.50e+300}", "chat", "null", "-1.50e+300")]
    [InlineData("{\"type\":\"chat\",\"id\":99999999999999999999999999}", "chat", "null", "99999999999999999999999999")]
    [InlineData("{\"type\":\"chat\",\"payload\":1e999}", "chat", "1e999", "")]
    [InlineData("{\"type\":\"chat\",\"more\":{\"type\":1,\"type\":2},\"more\":3}", "chat", "null", "")]
    [InlineData("{\"type\":\"chat\",\"payload\":{\"type\":5,\"id\":{}}}", "chat", "{\"type\":5,\"id\":{}}", "")]
    public void GoodInputIsReadAsItStandsThere(string frame, string type, string payload, string id) =>
        Assert.Equal((null, type, payload, id), Read(frame));

    [Theory]
    [InlineData("{\"id\":\"x\",\"type\":5}")]
    [InlineData("{\"type\":5,\"id\":\"x\"}")]
    [InlineData("{\"type\":\"a\",\"type\":\"b\",\"id\":\"x\"}")]
    [InlineData("{\"id\":\"x\"}")]
    [InlineData("{\"id\":\"x\",\"type\":\"chat\"")]
    public void ErrorKnowsWhichRequestItIsAbout(string frame)
    {
        var (error, _, _, id) = Read(frame);

        Assert.NotNull(error);
        Assert.Equal("\"x\"", id);
    }

    private static (Error? Error, string Type, string Payload, string Id) Read(string frame)
    {
        var error = EnvelopeReader.Read(Encoding.UTF8.GetBytes(frame), out var envelope);
        return (
            error, Encoding.UTF8.GetString(envelope.Type), Encoding.UTF8.GetString(envelope.Payload), Encoding.UTF8.GetString(envelope.Id));
    }
}
