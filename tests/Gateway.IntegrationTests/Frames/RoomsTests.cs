using System.Text;
using System.Threading.Channels;
using Gateway.AspNetCore.Frames;
using Gateway.Core.Messages;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;

namespace Gateway.IntegrationTests.Frames;

/// <summary>A handler in the rooms of its hub.</summary>
public sealed class RoomsTests
{
    [Fact]
    public async Task HandlerHearsWhatAnyClientHearsAndSpeaksAsItsUser()
    {
        FrameRooms? rooms = null;
        await using var gateway = await StartAsync(context => rooms = context.Rooms, async (incoming, outgoing, cancel) =>
        {
            await rooms!.JoinAsync("r");
            await outgoing.WriteAsync(Frame.Text("joined"), cancel);
            await foreach (var message in rooms.Messages.ReadAllAsync(cancel))
                await outgoing.WriteAsync(Frame.Text($"{message.Type} {Encoding.UTF8.GetString(message.Payload.Span)}"), cancel);
        });
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames?username=Ann");
        Assert.Equal("joined", await client.ReadTextAsync());
        await using var raw = await RawClient.ConnectAsync(gateway.Server, "?rooms=r&username=Bob");

        Assert.Equal("join", (await NextAsync("system")).Text("event"));
        await raw.ChatAsync("hello", "r");
        await rooms!.ChatAsync("r", "hello yourself");
        await rooms.PublishAsync("r", "notice", """{"n":1}"""u8.ToArray());
        var ann = (await raw.RequestAsync("presence", new { room = "r" })).GetProperty("members")
            .EnumerateArray().Single(m => m.GetProperty("username").GetString() == "Ann");
        await raw.RequestAsync("direct", new { to = ann.GetProperty("user_id").GetString(), content = "psst" });

        Assert.Equal("hello", (await NextAsync("chat")).Text("content"));
        Assert.Equal("hello yourself", (await NextAsync("chat")).Text("content"));
        Assert.Equal(1, (await NextAsync("notice")).Json.GetProperty("n").GetInt32());
        Assert.Equal("psst", (await NextAsync("direct")).Text("content"));
        await raw.NextAsync("chat");
        Assert.Equal("Ann", (await raw.NextAsync("chat")).Text("username"));
        await client.CloseAsync();
        await Deadline.Until(
            async () => (await raw.RequestAsync("presence", new { room = "r" })).GetProperty("count").GetInt32() == 1, "Ann is gone");

        async Task<ReceivedMessage> NextAsync(string type)
        {
            var text = await client.ReadTextAsync();
            Assert.StartsWith(type + " ", text, StringComparison.Ordinal);
            return new ReceivedMessage(type, Encoding.UTF8.GetBytes(text[(type.Length + 1)..]));
        }
    }

    [Fact]
    public async Task HandlerIsGivenWhatItMissedWhenItSaysWhereItWas()
    {
        FrameRooms? rooms = null;
        await using var gateway = await StartAsync(context => rooms = context.Rooms, async (_, outgoing, cancel) =>
        {
            var joined = await rooms!.CommandAsync("join", """{"room":"r","since":{"epoch":"EPOCH","offset":0}}"""u8.ToArray());
            await outgoing.WriteAsync(Frame.Text(Encoding.UTF8.GetString(joined.Span)), cancel);
        });
        await using var raw = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");
        await raw.ChatAsync("one", "r");
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames");

        Assert.Contains("\"reason\":\"epoch changed\"", await client.ReadTextAsync());
    }

    [Fact]
    public async Task HandlerThatDoesNotReadItsRoomsIsASlowConsumer()
    {
        FrameRooms? rooms = null;
        await using var gateway = await StartAsync(context => rooms = context.Rooms, async (incoming, outgoing, cancel) =>
        {
            await rooms!.JoinAsync("r");
            await outgoing.WriteAsync(Frame.Text("joined"), cancel);
            await Task.Delay(Timeout.Infinite, cancel);
        });
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames");
        await client.ReadTextAsync();
        await using var raw = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");

        for (var i = 0; i < 1000; i++) await raw.ChatAsync("x", "r");

        Assert.Equal((1008, "slow consumer"), await client.ClosedAsync());
        Assert.Equal(1000, raw.All.Count(m => m.Type == "chat"));
    }

    [Fact]
    public async Task RoomsAreNotThereBeforeTheConnectionStands()
    {
        Exception? fault = null;
        await using var gateway = await StartAsync(
            context => fault = Record.Exception(() => context.Rooms.Messages), ScriptedHandler.EchoAsync);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames");

        Assert.IsType<InvalidOperationException>(fault);
    }

    private static Task<EmbeddedGateway> StartAsync(
        Action<FrameContext> init, Func<ChannelReader<Frame>, ChannelWriter<Frame>, CancellationToken, Task> run) =>
        EmbeddedGateway.StartAsync(
            o => o.Outbox.OnFull = SlowConsumerPolicy.Disconnect,
            map: app => app.MapFrames("/frames", _ => new ScriptedHandler(run, init)));
}
