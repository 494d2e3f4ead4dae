using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>
/// A client that does not read for a moment, while more comes than its outbox holds: the room's history has it, in order, and nobody is
/// closed.
/// </summary>
public sealed class LagRecoveryTests
{
    private const int Burst = 90;
    private static readonly string Large = new('x', 30_000);

    [Theory]
    [InlineData("/ws")]
    [InlineData("/hub")]
    public async Task BurstLargerThanTheOutboxReachesAWebSocket(string path)
    {
        await using var gateway = await StartAsync();
        await using var sender = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");
        using var busy = await HandMadeSocket.OpenAsync(gateway.Server, path + "?rooms=r", receiveBuffer: 4096);
        if (path == "/hub") await busy.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        await Deadline.Until(() => gateway.Get<ConnectionTable>().Count == 2, "both are in");

        await SendBurstAsync(sender);

        var heard = new List<string>();
        while (heard.Count < Burst) heard.AddRange(ChatsIn((await busy.ReadAsync())!.Text));
        await sender.ChatAsync("and on", "r");
        while (heard.Count < Burst + 1) heard.AddRange(ChatsIn((await busy.ReadAsync())!.Text));
        Assert.Equal([.. Sent, "and on"], heard);
    }

    [Fact]
    public async Task BurstLargerThanTheOutboxReachesAnEventStream()
    {
        await using var gateway = await StartAsync();
        await using var sender = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");
        using var http = WithSmallBuffer();
        var url = await NegotiateAsync(http, gateway.Server);
        using var connect =
            new HttpRequestMessage(HttpMethod.Get, url)
            {
                Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } }
            };
        using var response = await http.SendAsync(connect, HttpCompletionOption.ResponseHeadersRead).Within("the event stream");
        await HandshakeAsync(http, url);
        await Deadline.Until(() => gateway.Get<ConnectionTable>().Count == 2, "both are in");

        await SendBurstAsync(sender);

        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());
        var heard = new List<string>();
        while (heard.Count < Burst)
            if (await events.ReadLineAsync().Within("an event") is { } line && line.StartsWith("data: ", StringComparison.Ordinal))
                heard.AddRange(ChatsIn(line["data: ".Length..]));
        Assert.Equal(Sent, heard);
    }

    [Fact]
    public async Task BurstLargerThanTheOutboxReachesALongPoll()
    {
        await using var gateway = await StartAsync();
        await using var sender = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");
        using var http = WithSmallBuffer();
        var url = await NegotiateAsync(http, gateway.Server);
        using var connected = await http.GetAsync(url).Within("the first poll");
        await HandshakeAsync(http, url);
        await Deadline.Until(() => gateway.Get<ConnectionTable>().Count == 2, "both are in");

        await SendBurstAsync(sender);

        var heard = new List<string>();
        while (heard.Count < Burst)
        {
            using var poll = await http.GetAsync(url).Within("a poll");
            poll.EnsureSuccessStatusCode();
            heard.AddRange(ChatsIn(await poll.Content.ReadAsStringAsync()));
        }
        Assert.Equal(Sent, heard);
    }

    private static IEnumerable<string> Sent => Enumerable.Range(0, Burst).Select(i => $"{i} {Large}");

    private static Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(o =>
    {
        o.Raw.WriteWait = TimeSpan.FromSeconds(60);
        o.Outbox.MaxBytes = 64 * 1024;
        o.Rooms.Defaults.Announce = false;
    });

    private static async Task SendBurstAsync(RawClient sender)
    {
        foreach (var content in Sent) await sender.ChatAsync(content, "r");
        await Deadline.Until(() => sender.All.Count(m => m.Type == "chat") >= Burst, "the sender has its own", TimeSpan.FromSeconds(30));
    }

    /// <summary>What was said in the envelopes, or the hub's records.</summary>
    private static IEnumerable<string> ChatsIn(string text)
    {
        foreach (var record in text.Split('\u001e', StringSplitOptions.RemoveEmptyEntries))
        {
            var root = JsonDocument.Parse(record).RootElement;
            if (root.TryGetProperty("target", out var target))
            {
                if (target.GetString() == "chat") yield return root.GetProperty("arguments")[0].GetProperty("content").GetString()!;
            }
            else if (root.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "chat")
            {
                yield return root.GetProperty("payload").GetProperty("content").GetString()!;
            }
        }
    }

    private static HttpClient WithSmallBuffer() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancel) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 4096 };
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private static async Task<Uri> NegotiateAsync(HttpClient http, Uri server)
    {
        using var negotiated = await http.PostAsync(new Uri(server, "/hub/negotiate?negotiateVersion=1"), null).Within("the negotiation");
        var answer = JsonDocument.Parse(await negotiated.Content.ReadAsStringAsync()).RootElement;
        return new Uri(server, $"/hub?rooms=r&id={answer.GetProperty("connectionToken").GetString()}");
    }

    private static async Task HandshakeAsync(HttpClient http, Uri url)
    {
        using var content = new StringContent("{\"protocol\":\"json\",\"version\":1}\u001e", Encoding.UTF8);
        using var handshake = await http.PostAsync(url, content).Within("the handshake");
        handshake.EnsureSuccessStatusCode();
    }
}
