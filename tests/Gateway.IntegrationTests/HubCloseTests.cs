using System.Text.Json;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>
/// What ends a hub connection by SignalR's own rules ends with a close frame, as with the stock server: 1000, after a Close record.
/// </summary>
public sealed class HubCloseTests
{
    private const char End = '\u001e';

    private static readonly string TooLarge =
        "{\"type\":1,\"target\":\"Chat\",\"arguments\":[{\"content\":\"" + new string('x', 40_000) + "\"}]}" + End;

    public static TheoryData<string, string> Endings() => new()
    {
        { "unreadable record", "{\"type\":1" + End },
        { "no JSON", "hello" + End },
        { "record of more than 32 KiB", TooLarge },
        { "the client's own Close record", "{\"type\":7}" + End },
        { "the client's own Close record, with an error", "{\"type\":7,\"error\":\"enough\"}" + End },
    };

    [Theory]
    [MemberData(nameof(Endings))]
    public async Task HubClientGetsTheCloseFrame(string what, string text)
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        using var client = await OpenAsync(gateway);

        await client.SendTextAsync(text);

        var frames = await ReadToCloseAsync(client);
        Assert.True(frames[^1].CloseStatus.Code == 1000, $"{what}: {frames[^1].CloseStatus}");
        var records = frames.SkipLast(1).SelectMany(f => f.Text.Split(End, StringSplitOptions.RemoveEmptyEntries));
        var close = records.Select(r => JsonDocument.Parse(r).RootElement)
            .Where(r => r.TryGetProperty("type", out var type) && type.GetInt32() == 7).ToList();
        Assert.Equal(what.StartsWith("the client's", StringComparison.Ordinal) ? 0 : 1, close.Count(r => r.TryGetProperty("error", out _)));
        await client.SendAsync(HandMadeSocket.Close, new byte[] { 3, 232 });
        Assert.Null(await client.ReadAsync());
        await Deadline.Until(() => gateway.Get<ConnectionTable>().Count == 0, "the connection is over");
    }

    [Fact]
    public async Task ConnectionThatTheClientEndedIsInNoRoomWhileItsCloseIsUnanswered()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        await using var witness = await RawClient.ConnectAsync(gateway.Server);
        using var client = await OpenAsync(gateway);
        await client.SendTextAsync("{\"type\":7}" + End);
        await ReadToCloseAsync(client);

        await witness.ChatAsync("x");

        Assert.Null(await client.ReadAsync()); // nothing follows a close frame but the end, which does not wait for the answer for ever
    }

    private static async Task<HandMadeSocket> OpenAsync(EmbeddedGateway gateway)
    {
        var client = await HandMadeSocket.OpenAsync(gateway.Server, "/hub?rooms=lobby");
        await client.SendTextAsync("{\"protocol\":\"json\",\"version\":1}" + End);
        while ((await client.ReadAsync())?.Text.Contains("\"welcome\"", StringComparison.Ordinal) == false)
        {
        }
        return client;
    }

    private static async Task<List<HandMadeFrame>> ReadToCloseAsync(HandMadeSocket client)
    {
        var frames = new List<HandMadeFrame>();
        while (await client.ReadAsync() is { } frame)
        {
            frames.Add(frame);
            if (frame.Opcode == HandMadeSocket.Close) return frames;
        }
        throw new IOException("the connection ended without a close frame");
    }
}
