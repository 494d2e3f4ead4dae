using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>A message of an own type says who sent it, beside the payload, where the client cannot write.</summary>
public sealed class SenderTests
{
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task ReceiversOnEveryReplicaSeeWhoSentIt(Kind kind)
    {
        await using var redis = await RedisServer.StartAsync();
        string[] arguments = ["--redis:enabled=true", "--redis:connection=" + redis.Address, "--messages:custom:cursor:publish=members"];
        await using var a = await GatewayProcess.StartAsync(arguments);
        await using var b = await GatewayProcess.StartAsync(arguments);
        using var raw = await HandMadeSocket.OpenAsync(b.Server, "/ws?rooms=lobby");
        using var hub = await HandMadeSocket.OpenAsync(b.Server, "/hub?rooms=lobby");
        await hub.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        await ReadAsync(raw, "\"welcome\"");
        await ReadAsync(hub, "\"welcome\"");
        await using var eve = await Clients.ConnectAsync(kind, a.Server, "?rooms=lobby&username=Eve");

        await eve.RequestAsync("cursor", new { x = 1, sender = new { user_id = "ann", username = "Ann" }, user_id = "ann" });

        var payload = """{"x":1,"sender":{"user_id":"ann","username":"Ann"},"user_id":"ann","offset":1}""";
        Assert.Equal(
            $$$"""{"type":"cursor","payload":{{{payload}}},"sender":{"user_id":"{{{eve.UserId}}}","username":"Eve"}}""",
            await ReadAsync(raw, "\"cursor\""));
        Assert.Equal(
            $$$"""{"type":1,"target":"cursor","arguments":[{{{payload}}}],"headers":"""
            + $$$"""{"sender_user_id":"{{{eve.UserId}}}","sender_username":"Eve"}}""" + "\u001e",
            await ReadAsync(hub, "\"cursor\""));
        Assert.Equal(payload, Encoding.UTF8.GetString((await eve.NextAsync("cursor")).Payload.Span));
        var history = await eve.RequestAsync("history", new { });
        Assert.Equal(eve.UserId, history.GetProperty("messages")[0].GetProperty("sender").GetProperty("user_id").GetString());
    }

    private static async Task<string> ReadAsync(HandMadeSocket client, string part)
    {
        while (true)
        {
            var frame = await client.ReadAsync() ?? throw new IOException("closed");
            if (frame.Text.Contains(part, StringComparison.Ordinal)) return frame.Text;
        }
    }
}
