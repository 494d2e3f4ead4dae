using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Client.Wire;
using Gateway.Testing;

namespace Gateway.Client.Tests;

/// <summary>The golden files of tests/wire, as this client reads and writes them.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Of(string direction) =>
        [
            .. Directory.GetFiles(Folder, "*.json")
                .Where(file => Read(file) is var golden && golden["direction"]!.GetValue<string>() == direction && golden["raw"] != null)
                .Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)
        ];

    private static string Folder => Path.Combine(Repository.Root, "tests", "wire");

    [Theory]
    [MemberData(nameof(Of), "server")]
    public void MessageIsRead(string file)
    {
        var golden = Read(Path.Combine(Folder, file));
        var received = Envelope.Read(Encoding.UTF8.GetBytes(golden["raw"]!.GetValue<string>()))!;

        Assert.Equal(golden["type"]!.GetValue<string>(), received.Message.Type);
        Assert.True(JsonNode.DeepEquals(golden["payload"], JsonNode.Parse(received.Message.Payload.GetRawText())));
        if (golden["id"] is JsonValue id && id.GetValueKind() == JsonValueKind.Number) Assert.Equal(id.GetValue<long>(), received.Id);
    }

    [Theory]
    [MemberData(nameof(Of), "client")]
    public void CommandIsWritten(string file)
    {
        var golden = Read(Path.Combine(Folder, file));
        var expected = JsonNode.Parse(golden["raw"]!.GetValue<string>())!.AsObject();
        var written = JsonNode.Parse(
            Envelope.Write(golden["type"]!.GetValue<string>(), golden["payload"], golden["id"]?.ToJsonString() ?? "1"))!.AsObject();
        if (!expected.ContainsKey("id")) written.Remove("id");
        if (written["payload"] == null) written.Remove("payload");

        Assert.True(JsonNode.DeepEquals(expected, written), written.ToJsonString());
    }

    [Fact]
    public void RefusalIsReadWithItsCode()
    {
        var golden = Read(Path.Combine(Folder, "error-rate-limited.json"));
        var error = Answers.ErrorOf(golden["payload"].Deserialize<JsonElement>());

        Assert.Equal(("429", TimeSpan.FromMilliseconds(1500)), (error.Code, error.RetryAfter));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{\"payload\":1}")]
    [InlineData("{\"type\":1}")]
    public void WhatIsNoMessageIsPassedOver(string text) => Assert.Null(Envelope.Read(Encoding.UTF8.GetBytes(text)));

    private static JsonObject Read(string file) => JsonNode.Parse(File.ReadAllText(file))!.AsObject();
}
