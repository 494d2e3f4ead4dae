using System.Net.Sockets;
using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Backplane;

/// <summary>Somebody else writes into the gateway's channels: it is counted, logged once a second, and nobody notices.</summary>
public sealed class PoisonTests : IClassFixture<TwoReplicas>
{
    private const int Flood = 3000;

    private readonly TwoReplicas _replicas;

    public PoisonTests(TwoReplicas replicas) => _replicas = replicas;

    [Fact]
    public async Task PoisonOnAnyChannelIsCountedAndLoggedOnceASecond()
    {
        await using IChatClient ada = await RawClient.ConnectAsync(_replicas.A.Server, "?rooms=poisoned");
        await using IChatClient bob = await SignalRClient.ConnectAsync(_replicas.B.Server, "?rooms=poisoned");
        var replica = ada.Welcome.GetProperty("replica").GetString();
        string[] channels =
        [
            "gw:everyone", "gw:{poisoned}:messages", $"gw:user:{ada.UserId}", $"gw:connection:{ada.ConnectionId}", "gw:questions",
            $"gw:answers:{replica}", "gw:{sanctions}:changed"
        ];
        string[] poison =
        [
            "x", "::", "::\u0001\u0001", "a:b:\u0001\u0001", "::\u0001\u0004\u00ff", "{}", "null", "{\"From\":null}",
            "{\"From\":\"x\",\"Number\":1}", "a 1 impose {}", "a 1 impose null", "a 1 lift [", "a 1 impose {\"UserId\":null}"
        ];
        var before = await UnreadableAsync();
        var linesBefore = PoisonLines();

        var began = TimeProvider.System.GetTimestamp();
        var heard = 0;
        using var redis = new TcpClient();
        await redis.ConnectAsync("127.0.0.1", _replicas.Redis.Port);
        using var reader = new StreamReader(redis.GetStream());
        for (var i = 0; i < Flood; i++)
        {
            var (channel, message) = (channels[i % channels.Length], poison[i / channels.Length % poison.Length]);
            var bytes = Encoding.Latin1.GetBytes(message);
            var head = $"*3\r\n$7\r\nPUBLISH\r\n${Encoding.UTF8.GetByteCount(channel)}\r\n{channel}\r\n${bytes.Length}\r\n";
            await redis.GetStream().WriteAsync((byte[])[.. Encoding.UTF8.GetBytes(head), .. bytes, .. "\r\n"u8]);
            heard += int.Parse(
                (await reader.ReadLineAsync().Within("the answer of Redis"))![1..], System.Globalization.CultureInfo.InvariantCulture);
        }
        Assert.True(heard >= Flood, "nobody listened: nothing was put to the test");
        await Deadline.Until(async () => await UnreadableAsync() - before == heard, "every one is counted", TimeSpan.FromSeconds(30));

        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        Assert.InRange(PoisonLines() - linesBefore, 1, (2 * seconds) + 4);
        Assert.DoesNotContain("NullReferenceException", _replicas.A.Output + _replicas.B.Output, StringComparison.Ordinal);
        await ada.RequestAsync("chat", new { room = "poisoned", content = "still here" });
        Assert.Equal("still here", (await bob.NextAsync("chat")).Text("content"));
    }

    private async Task<double> UnreadableAsync() => await UnreadableAsync(_replicas.A) + await UnreadableAsync(_replicas.B);

    private static async Task<double> UnreadableAsync(GatewayProcess replica)
    {
        var page = await replica.ScrapeAsync();
        return page.Has("gateway_backplane_unreadable_total") ? page["gateway_backplane_unreadable_total"].Value : 0;
    }

    private int PoisonLines() =>
        (_replicas.A.Output + '\n' + _replicas.B.Output).Split('\n').Count(line => line.Contains("were skipped", StringComparison.Ordinal));
}
