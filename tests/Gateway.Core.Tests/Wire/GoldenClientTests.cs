using System.Text;
using System.Text.Json;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class GoldenClientTests
{
    public static TheoryData<string> Commands => [.. GoldenFile.Names("client")];

    [Fact]
    public void EveryCommandHasAGoldenFile()
    {
        var types = GoldenFile.All.Values.Where(g => g.Direction == "client").Select(g => g.Type).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(
            ["auth", "ban", "chat", "cursor", "direct", "history", "join", "kick", "leave", "mute", "ping", "presence", "refresh", "unban",
            "unmute"], types);
    }

    [Theory, MemberData(nameof(Commands))]
    public void CommandIsReadAsItsGoldenFileSays(string name)
    {
        var golden = GoldenFile.All[name];

        Assert.Null(EnvelopeReader.Read(Encoding.UTF8.GetBytes(golden.Raw!), out var envelope));

        Assert.Equal(golden.Type, Encoding.UTF8.GetString(envelope.Type));
        Assert.Equal(golden.IdBytes, envelope.Id.ToArray());
        using var payload = JsonDocument.Parse(envelope.Payload.ToArray());
        Assert.True(JsonElement.DeepEquals(golden.Payload, payload.RootElement));
    }

    [Theory, MemberData(nameof(Commands))]
    public void StockClientSaysTheSameInItsInvocation(string name)
    {
        var golden = GoldenFile.All[name];
        if (golden.Signalr == null) return; // a raw client's only
        using var record = JsonDocument.Parse(golden.Signalr!);
        var invocation = record.RootElement;
        var target = invocation.GetProperty("target").GetString()!;
        var arguments = invocation.GetProperty("arguments").EnumerateArray().ToList();

        Assert.Equal(1, invocation.GetProperty("type").GetInt32());
        Assert.Equal(golden.Id.ValueKind != JsonValueKind.Undefined, invocation.TryGetProperty("invocationId", out _));
        if (target == "Send") Assert.Equal(golden.Type, arguments[0].GetString());
        else Assert.Equal(golden.Type, target.ToLowerInvariant());
        if (golden.Payload.ValueKind != JsonValueKind.Null) Assert.True(JsonElement.DeepEquals(golden.Payload, arguments[^1]));
    }
}
