using Bridge;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;

namespace Gateway.IntegrationTests.Frames;

/// <summary>The example application: lines of text and HTML fragments in one conversation with both dialects.</summary>
public sealed class BridgeTests : IAsyncLifetime
{
    private WebApplication _app = null!;
    private Uri _server = null!;

    public async ValueTask InitializeAsync()
    {
        _app = BridgeApp.Build(options => options.MetricsStream.Enabled = false, "http://127.0.0.1:0");
        await _app.StartAsync().Within("the application to start");
        _server = new Uri(_app.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().Within("the application to stop", TimeSpan.FromSeconds(20));
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task AllFourProtocolsMeetInOneRoom()
    {
        await using var raw = await RawClient.ConnectAsync(_server, "?username=Ann&rooms=lobby");
        await using var signalr = await SignalRClient.ConnectAsync(_server, "?username=Bob&rooms=lobby");
        using var lines = await FrameClient.ConnectAsync(_server, "/lines?username=Cyd", o => o.AddSubProtocol("lines.v1"));
        using var turbo = await FrameClient.ConnectAsync(_server, "/turbo?username=Dot");
        await AskAsync(lines, "JOIN lobby");
        await Deadline.Until(
            async () => (await raw.RequestAsync("presence", new { room = "lobby" })).GetProperty("count").GetInt32() == 4,
            "all four are there");

        await lines.SendAsync("SAY lobby from the line");
        await raw.ChatAsync("from <raw>");
        await turbo.SendAsync("from the page");

        foreach (var client in new IChatClient[] { raw, signalr })
        {
            var heard = new List<string>();
            for (var i = 0; i < 3; i++) heard.Add(Said(await client.NextAsync("chat")));
            Assert.Equal(["Ann: from <raw>", "Cyd: from the line", "Dot: from the page"], heard.Order(StringComparer.Ordinal));
        }
        Assert.Equal(
            ["OK", "lobby Ann: from <raw>", "lobby Cyd: from the line", "lobby Dot: from the page"],
            (await ReadAsync(lines, 4)).Order(StringComparer.Ordinal));
        Assert.Contains(
            """<turbo-stream action="append" target="messages"><template><li><b>Ann</b> from &lt;raw&gt;</li></template></turbo-stream>""",
            await ReadAsync(turbo, 3));
        Assert.Equal("lines.v1", lines.Socket.SubProtocol);
        // .NET's client does not show the headers of an answer's content
        using var byHand = await HandMadeSocket.OpenAsync(_server, "/turbo");
        Assert.Contains("\r\nContent-Type: text/vnd.turbo-stream.html\r\n", byHand.Answer);
    }

    [Fact]
    public async Task LineClientIsHeldToTheRulesOfTheRooms()
    {
        using var lines = await FrameClient.ConnectAsync(_server, "/lines");

        Assert.Equal("ERR not in room lobby", await AskAsync(lines, "SAY lobby hello"));
        Assert.Equal("OK", await AskAsync(lines, "JOIN metrics"));
        Assert.Equal("ERR only the server publishes in room metrics", await AskAsync(lines, "SAY metrics hello"));
        Assert.Equal("ERR room must not contain white space, control characters or *", await AskAsync(lines, "JOIN a*"));
        Assert.Equal("OK", await AskAsync(lines, "LEAVE metrics"));
        Assert.Equal("ERR JOIN room | LEAVE room | SAY room text", await AskAsync(lines, "DANCE"));
    }

    [Fact]
    public async Task PageIsServed()
    {
        using var http = new HttpClient();
        var page = await http.GetStringAsync(_server).Within("the page");

        Assert.Contains("<ul id=\"messages\"", page);
    }

    private static string Said(ReceivedMessage chat) => $"{chat.Text("username")}: {chat.Text("content")}";

    private static async Task<string> AskAsync(FrameClient client, string line)
    {
        await client.SendAsync(line);
        return await client.ReadTextAsync();
    }

    private static async Task<List<string>> ReadAsync(FrameClient client, int count)
    {
        var texts = new List<string>();
        while (texts.Count < count) texts.Add(await client.ReadTextAsync());
        return texts;
    }
}
