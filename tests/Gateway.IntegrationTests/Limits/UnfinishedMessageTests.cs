using System.Text;
using Gateway.AspNetCore.Options;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>A message that a client begins has to end in time, whatever keeps trickling in.</summary>
public sealed class UnfinishedMessageTests
{
    public enum Trick
    {
        Fragments,
        GrowingFrame,
    }

    [Theory]
    [InlineData("/ws", Trick.Fragments)]
    [InlineData("/ws", Trick.GrowingFrame)]
    [InlineData("/hub", Trick.Fragments)]
    [InlineData("/hub", Trick.GrowingFrame)]
    [InlineData("/echo", Trick.Fragments)]
    [InlineData("/echo", Trick.GrowingFrame)]
    public async Task MessageThatGrowsWithoutEndIsClosed(string path, Trick trick)
    {
        await using var gateway = await StartAsync();
        using var client = await HandMadeSocket.OpenAsync(gateway.Server, path);
        if (path == "/hub") await client.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        using var over = new CancellationTokenSource();
        var growing = GrowAsync(client, trick, over.Token);

        var frame = await client.ReadAsync();
        while (frame is { Opcode: not HandMadeSocket.Close }) frame = await client.ReadAsync();

        Assert.Equal((1001, "unfinished message"), frame!.CloseStatus);
        await over.CancelAsync();
        await growing.Within("the last byte");
    }

    [Theory]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task RecordThatGrowsWithoutEndIsClosed(HubTransport transport)
    {
        await using var gateway = await StartAsync();
        await using var client = await HandMadeHubClient.ConnectAsync(gateway.Server, transport);
        using var over = new CancellationTokenSource();
        var growing = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested && await client.SendPartAsync(" ")) await Task.Delay(50);
        });

        var close = await client.NextAsync(HandMadeHubClient.IsClose, "the Close record");

        Assert.True(close.GetProperty("allowReconnect").GetBoolean());
        await over.CancelAsync();
        await growing.Within("the last part");
    }

    private static Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(o =>
    {
        o.Raw.PingPeriod = TimeSpan.FromSeconds(1);
        o.Raw.PongWait = TimeSpan.FromSeconds(2);
        o.Handlers.Add(new() { Path = "/echo", Handler = BuiltInHandler.Echo });
    });

    private static async Task GrowAsync(HandMadeSocket client, Trick trick, CancellationToken over)
    {
        try
        {
            var beginning = Encoding.UTF8.GetBytes("{\"type\":");
            if (trick == Trick.GrowingFrame) await client.SendAsync(HandMadeSocket.Text, beginning, claimedLength: 10_000);
            else await client.SendAsync(HandMadeSocket.Text, beginning, final: false);
            while (!over.IsCancellationRequested)
            {
                await Task.Delay(50, CancellationToken.None);
                if (trick == Trick.GrowingFrame) await client.SendBytesAsync(" "u8.ToArray());
                else await client.SendAsync(HandMadeSocket.Continuation, " "u8.ToArray(), final: false);
            }
        }
        catch (IOException)
        {
            // The server closed.
        }
    }
}
