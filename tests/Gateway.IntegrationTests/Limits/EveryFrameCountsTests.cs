using System.Text.RegularExpressions;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>Whatever a client sends counts: over a limit of five, the sixth is refused, and a flood of it is closed.</summary>
public sealed partial class EveryFrameCountsTests
{
    private const int Limit = 5;
    private const char End = '\u001e';
    private const string KeepAlive = """{"type":6}""";

    public static TheoryData<string> RawFrames() =>
    [
        """{"type":"ping"}""", """{"type":"nothing"}""", "{", "", """{"type":"chat","payload":{}}""",
    ];

    public static TheoryData<string> Records() =>
    [
        """{"type":1,"target":"Ping","arguments":[]}""",
        """{"type":1,"invocationId":"1","target":"Chat","arguments":[]}""",
        """{"type":1,"invocationId":"1","target":"NoSuchMethod","arguments":[1]}""",
        """{"type":4,"invocationId":"1","target":"Ping","arguments":[]}""",
        """{"type":4,"invocationId":"1","target":"NoSuchStream","arguments":[]}""",
        """{"type":1,"target":"Chat","arguments":[],"streamIds":["1"]}""",
        """{"type":2,"invocationId":"1","item":1}""",
        """{"type":3,"invocationId":"1","result":1}""",
        """{"type":3,"invocationId":"1","error":"no"}""",
        """{"type":5,"invocationId":"1"}""",
        KeepAlive,
        """{"type":99}""",
    ];

    [Theory]
    [MemberData(nameof(RawFrames))]
    public async Task RawFrameCounts(string frame)
    {
        await using var gateway = await StartAsync();
        await using var client = await RawClient.ConnectAsync(gateway.Server);
        for (var i = 0; i < Limit; i++) await client.SendTextAsync(frame);

        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("ping", null));
        Assert.Equal(429, error.Code);
        for (var i = 0; i < Limit * 5; i++) await client.SendTextAsync(frame);
        Assert.Equal((1008, "flooding"), await client.Closed.Within("the close"));
    }

    [Theory]
    [MemberData(nameof(Records))]
    public async Task HubRecordCounts(string record)
    {
        await using var gateway = await StartAsync();
        using var client = await OpenHubAsync(gateway);
        if (record == KeepAlive) await client.SendTextAsync(record + End); // the first is free
        for (var i = 0; i < Limit; i++) await client.SendTextAsync(record + End);

        await client.SendTextAsync("""{"type":1,"invocationId":"x","target":"Ping","arguments":[]}""" + End);
        Assert.Contains("HubException: 429: too many messages, retry_after_ms=", await AnswerAsync(client, "x"));
        for (var i = 0; i < Limit * 5; i++) await client.SendTextAsync(record + End);
        var frame = await client.ReadAsync();
        while (frame is { Opcode: not HandMadeSocket.Close }) frame = await client.ReadAsync();
        Assert.Equal((1008, "flooding"), frame!.CloseStatus);
    }

    [Fact]
    public async Task SeveralRecordsInOneFrameCountEachForItself()
    {
        await using var gateway = await StartAsync();
        using var client = await OpenHubAsync(gateway);

        await client.SendTextAsync(
            string.Concat(Enumerable.Repeat(KeepAlive + End, 1 + Limit))
                + """{"type":1,"invocationId":"x","target":"Ping","arguments":[]}""" + End);

        Assert.Contains("429", await AnswerAsync(client, "x"));
    }

    [Fact]
    public async Task UnreadableRecordIsCountedAndClosesItsConnectionOnly()
    {
        await using var gateway = await StartAsync();
        await using var bystander = await SignalRClient.ConnectAsync(gateway.Server);
        using var client = await OpenHubAsync(gateway);

        await client.SendTextAsync("""{"type":1""" + End);

        while (await client.ReadAsync() is { Opcode: not HandMadeSocket.Close })
        {
        }
        Assert.Equal(1, gateway.Get<Core.Connections.GatewayMeter>().Received);
        await bystander.RequestAsync("ping", null);
    }

    private static Task<EmbeddedGateway> StartAsync() =>
        EmbeddedGateway.StartAsync(o => (o.RateLimit.Messages, o.RateLimit.Window) = (Limit, TimeSpan.FromMinutes(10)));

    private static async Task<HandMadeSocket> OpenHubAsync(EmbeddedGateway gateway)
    {
        var client = await HandMadeSocket.OpenAsync(gateway.Server, "/hub?rooms=");
        await client.SendTextAsync("{\"protocol\":\"json\",\"version\":1}" + End);
        Assert.Equal("{}" + End, (await client.ReadAsync())!.Text);
        return client;
    }

    private static async Task<string> AnswerAsync(HandMadeSocket client, string id)
    {
        while (true)
        {
            var frame = await client.ReadAsync() ?? throw new InvalidOperationException("closed without an answer");
            foreach (var record in frame.Text.Split(End))
                if (InvocationId().Match(record) is { Success: true } match && match.Groups[1].Value == id
                    && record.Contains("\"type\":3", StringComparison.Ordinal))
                    return record;
        }
    }

    [GeneratedRegex("\"invocationId\":\"([^\"]+)\"")]
    private static partial Regex InvocationId();
}
