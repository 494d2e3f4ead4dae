using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>
/// Answers, broadcasts and replays have one way out on every transport, so a client sees them in the order in which they were made.
/// </summary>
public sealed class HubOrderTests
{
    private const int Missed = 500;

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task AnswerOfAJoinComesAfterTheReplay(HubTransport transport)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Rooms.Defaults.History = Missed;
            o.Rooms.MaxReplay = Missed;
            o.Outbox.Capacity = 4 * Missed;
        });
        await using var speaker = await RawClient.ConnectAsync(gateway.Server, "?rooms=team");
        var first = (await speaker.RequestAsync("chat", new { room = "team", content = "0" })).GetProperty("offset").GetInt64();
        var epoch = gateway.Get<RoomTable>().Find("team")!.Position.Epoch;
        for (var i = 1; i <= Missed; i++) await speaker.SendAsync("chat", new { room = "team", content = new string('x', 500) });
        await speaker.RequestAsync("ping", null);
        await using var client = await HandMadeHubClient.ConnectAsync(gateway.Server, transport, "?rooms=");

        var id = await client.CallAsync("Join", new { room = "team", since = new { epoch, offset = first } });
        var answer = await client.NextAsync(r => HandMadeHubClient.IsAnswer(r, id), "the answer to the join");

        Assert.Equal(Missed, answer.GetProperty("result").GetProperty("replayed").GetInt32());
        var before = client.Records.TakeWhile(r => !HandMadeHubClient.IsAnswer(r, id)).Where(r => HandMadeHubClient.IsCall(r, "chat"));
        Assert.Equal(Enumerable.Range(1, Missed).Select(i => first + i), before.Select(Offset));
    }

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task AnswersAndMessagesKeepTheirOrderUnderAFlood(HubTransport transport)
    {
        const int Each = 300;
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Outbox.Capacity = 10_000);
        await using var client = await HandMadeHubClient.ConnectAsync(gateway.Server, transport, "?rooms=team");
        var connection = Assert.Single(gateway.Get<Core.Connections.ConnectionTable>().Snapshot());
        var publisher = gateway.Get<Publisher>();

        var flood = Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
                await publisher.PublishAsync(Audience.Room("team"), new Message("news", JsonSerializer.SerializeToUtf8Bytes(i)));
        });
        var ids = new List<string>();
        for (var i = 0; i < 50; i++) ids.Add(await client.CallAsync("Ping"));
        await flood.Within("the flood");
        var last = await client.CallAsync("History", new { room = "team", limit = 1 });
        await client.NextAsync(r => HandMadeHubClient.IsAnswer(r, last), "the last answer");
        await client.NextAsync(r => NumberOf(r) == Each - 1, "the last message");

        Assert.True(connection.Outbox.IsOpen);
        Assert.Equal(Enumerable.Range(0, Each), client.Records.Select(NumberOf).Where(n => n >= 0));
        var answers = client.Records.Where(r => r.GetProperty("type").GetInt32() == 3);
        var answered = answers.Select(r => r.GetProperty("invocationId").GetString()!);
        Assert.Equal([.. ids, last], answered);
    }

    private static int NumberOf(JsonElement record) =>
        HandMadeHubClient.IsCall(record, "news") ? HandMadeHubClient.Argument(record).GetInt32() : -1;

    private static long Offset(JsonElement call) => HandMadeHubClient.Argument(call).GetProperty("offset").GetInt64();
}
