using System.Text;
using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>
/// WebSocket frames that are no messages are bounded as well: the framework answers pings and passes over empty fragments by itself, and
/// neither is free.
/// </summary>
public sealed class FrameFloodTests
{
    private const char End = '\u001e';

    public static TheoryData<string, string> Floods()
    {
        var floods = new TheoryData<string, string>();
        foreach (var path in new[] { "/ws", "/ws?auth=message", "/hub", "/echo" })
            foreach (var flood in new[] { "pings", "pongs", "empty fragments", "small fragments" })
                floods.Add(path, flood);
        floods.Add("/hub", "empty messages");
        floods.Add("/hub", "records without end");
        return floods;
    }

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task FloodOfFramesIsClosed(string path, string flood)
    {
        await using var gateway = await StartAsync(path.Contains("auth", StringComparison.Ordinal));
        using var client = await OpenAsync(gateway, path);
        if (flood is "empty fragments" or "small fragments")
            await client.SendAsync(HandMadeSocket.Text, Encoding.ASCII.GetBytes("{"), final: false);
        var frame = flood switch
        {
            "pings" => Frame(0x80 | HandMadeSocket.Ping, 1),
            "pongs" => Frame(0x80 | HandMadeSocket.Pong, 0),
            "empty fragments" => Frame(HandMadeSocket.Continuation, 0),
            "small fragments" => Frame(HandMadeSocket.Continuation, 1),
            "empty messages" => Frame(0x80 | HandMadeSocket.Text, 0),
            _ => Frame(0x80 | HandMadeSocket.Text, 1),
        };
        var flooding = FloodAsync(client, frame);

        var last = await client.ReadAsync();
        while (last is { Opcode: not HandMadeSocket.Close }) last = await client.ReadAsync();

        Assert.Equal((1008, "flooding"), last!.CloseStatus);
        Assert.Null(await client.ReadAsync());
        Assert.InRange(await flooding.Within("the flood to break off"), 1, int.MaxValue);
    }

    [Theory]
    [InlineData("/ws"), InlineData("/hub"), InlineData("/echo")]
    public async Task ClientThatPingsNowAndThenAndFragmentsItsMessagesIsNotClosed(string path)
    {
        await using var gateway = await StartAsync();
        using var client = await OpenAsync(gateway, path);
        for (var i = 0; i < 3; i++)
        {
            for (var n = 0; n < 50; n++) await client.SendAsync(HandMadeSocket.Ping, "x"u8.ToArray());
            var message = Encoding.UTF8.GetBytes(path switch
            {
                "/hub" => """{"type":1,"invocationId":"i","target":"Ping","arguments":[]}""" + End,
                _ => """{"type":"ping","id":1}""",
            });
            await client.SendAsync(HandMadeSocket.Text, message.AsMemory(0, 5), final: false);
            await client.SendAsync(HandMadeSocket.Continuation, message.AsMemory(5));
        }
        var (pongs, answers) = (0, 0);
        while (pongs < 150 || answers < 3)
        {
            var frame = await client.ReadAsync();
            Assert.NotNull(frame);
            Assert.NotEqual(HandMadeSocket.Close, frame.Opcode);
            if (frame.Opcode == HandMadeSocket.Pong) pongs++;
            // a hub's may come several in one frame
            else answers += path == "/echo" ? 1 : frame.Text.Split(path == "/hub" ? "\"type\":3" : "\"ack\"").Length - 1;
        }
    }

    [Fact]
    public async Task DryRunClosesNobody()
    {
        await using var gateway = await StartAsync(set: o => o.RateLimit.DryRun = true);
        using var client = await OpenAsync(gateway, "/ws");
        for (var i = 0; i < 500; i++) await client.SendAsync(HandMadeSocket.Ping, "x"u8.ToArray());

        await client.SendTextAsync("""{"type":"ping","id":1}""");

        while (await client.ReadAsync() is { } frame)
        {
            Assert.NotEqual(HandMadeSocket.Close, frame.Opcode);
            if (frame.Text.Contains("\"ack\"", StringComparison.Ordinal)) return;
        }
        Assert.Fail("closed");
    }

    private static Task<EmbeddedGateway> StartAsync(bool tokens = false, Action<ProgramOptions>? set = null) =>
        EmbeddedGateway.StartAsync(o =>
        {
            (o.RateLimit.ControlFrames.Frames, o.RateLimit.ControlFrames.Window) = (200, TimeSpan.FromMinutes(10));
            o.Handlers.Add(new HandlerOptions { Path = "/echo", Handler = BuiltInHandler.Echo });
            if (tokens)
                (o.Auth.Mode, o.Auth.SigningKey, o.Auth.FirstMessageTimeout) = (
                    AuthMode.Jwt, ["a key of at least thirty-two bytes"], TimeSpan.FromMinutes(1));
            set?.Invoke(o);
        });

    private static async Task<HandMadeSocket> OpenAsync(EmbeddedGateway gateway, string path)
    {
        var client = await HandMadeSocket.OpenAsync(gateway.Server, path);
        if (path == "/hub") await client.SendTextAsync("{\"protocol\":\"json\",\"version\":1}" + End);
        return client;
    }

    private static byte[] Frame(int first, int length) =>
        [(byte)first, (byte)(0x80 | length), 0, 0, 0, 0, .. Enumerable.Repeat((byte)'x', length)];

    /// <summary>As fast as it can, until the gateway does not take any more.</summary>
    private static async Task<int> FloodAsync(HandMadeSocket client, byte[] frame)
    {
        var many = Enumerable.Repeat(frame, 100).SelectMany(bytes => bytes).ToArray();
        var sent = 0;
        try
        {
            for (; sent < 1_000_000; sent += 100) await client.SendBytesAsync(many);
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // That is what it is for.
        }
        return sent;
    }
}
