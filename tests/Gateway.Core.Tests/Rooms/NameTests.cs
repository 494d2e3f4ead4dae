using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Core.Tests.Rooms;

/// <summary>Names that look alike are one name: what does not show cannot be in one.</summary>
public sealed class NameTests
{
    [Theory]
    [InlineData("lob\u200bby"), InlineData("\u202elobby"), InlineData("lobby\u2066"), InlineData("lob\u00adby"), InlineData("lobby\ufeff"),
    InlineData("lobby\ufe0f"), InlineData("lobby\u3164"), InlineData("lob\u034fby")]
    [InlineData("lobby\u2800"), InlineData("lob\u0000by"), InlineData("lob\u00a0by"), InlineData("lobby\u2028"), InlineData("lobby\u0378"),
    InlineData("lob\U000e0041by"), InlineData("lob by"), InlineData("a*")]
    public void RoomHasNothingInItsNameThatDoesNotShow(string name) => Assert.Equal(400, RoomName.Check(name)?.Code);

    [Fact]
    public void HalfASurrogatePairDoesNotShow()
    {
        Assert.Equal(400, RoomName.Check("lobby\ud800")?.Code);
        Assert.Equal("lobby\ud800", RoomName.Normalize("lobby\ud800"));
        Assert.Equal("A\ufffdB", NameText.Strip("A\ud800B"));
    }

    [Theory]
    [InlineData("lobby"), InlineData("café"), InlineData("orders.eu-1"), InlineData("部屋"), InlineData("غرفة"), InlineData("कमरा"),
    InlineData("rooms/😀"), InlineData("#1:a@b")]
    public void RoomMayHaveAnyName(string name) => Assert.Null(RoomName.Check(name));

    /// <summary>UAX #15: a letter and its mark, marks in another order, one of two equal letters, and Hangul.</summary>
    [Theory]
    [InlineData("cafe\u0301", "caf\u00e9"), InlineData("\u212b", "\u00c5"), InlineData("\u212aelvin", "Kelvin"),
    InlineData("a\u0302\u0323", "\u1ead"), InlineData("a\u0323\u0302", "\u1ead")]
    [InlineData("\u1112\u1161\u11ab", "\ud55c"), InlineData("\u0928\u093c", "\u0929"), InlineData("x\u0301", "x\u0301"), InlineData(
        "e\u0301\u0301", "\u00e9\u0301"), InlineData("日本 😀", "日本 😀")]
    public void NameIsTheSameHoweverItsLettersAreTyped(string name, string expected)
    {
        Assert.Equal(expected, NameText.Normalize(name));
        Assert.Equal(expected, NameText.Normalize(expected));
    }

    [Theory]
    [InlineData("Ann\u200b", "Ann"), InlineData("\u202eAnn Lee\u2069", "Ann Lee"), InlineData("Ann\u00a0Lee", "Ann Lee"),
    InlineData("\u3164", ""), InlineData(" Ann ", "Ann")]
    public void NameOfATokenLosesWhatDoesNotShow(string name, string expected) => Assert.Equal(expected, NameText.Strip(name));
}
