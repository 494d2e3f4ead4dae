using System.Net.WebSockets;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Frames;

/// <summary>Opaque frames to everyone on the relay of a hub, byte for byte and in one order.</summary>
public sealed class FrameRelayTests
{
    [Theory]
    [InlineData(WebSocketMessageType.Text)]
    [InlineData(WebSocketMessageType.Binary)]
    public async Task FrameReachesEveryoneAsItIsTheSenderIncluded(WebSocketMessageType type)
    {
        await using var gateway = await StartAsync(o => o.Raw.MaxMessageBytes = 70_000);
        using var sender = await FrameClient.ConnectAsync(gateway.Server, "/relay");
        using var other = await FrameClient.ConnectAsync(gateway.Server, "/relay");
        await ReadyAsync(gateway, "", 2);
        foreach (var size in new[] { 0, 1, 125, 126, 65_535, 65_536 })
        {
            var data = new byte[size];
            data.AsSpan().Fill((byte)'x');
            await sender.SendAsync(type, data);

            foreach (var client in new[] { sender, other })
            {
                var got = (await client.ReadAsync())!.Value;
                Assert.Equal(type, got.Type);
                Assert.Equal(data, got.Data);
            }
        }
    }

    [Fact]
    public async Task SenderIsLeftOutWithoutEcho()
    {
        await using var gateway = await StartAsync(o => o.Handlers[0].Echo = false);
        using var one = await FrameClient.ConnectAsync(gateway.Server, "/relay");
        using var two = await FrameClient.ConnectAsync(gateway.Server, "/relay");
        await ReadyAsync(gateway, "", 2);

        await one.SendAsync("of one");
        Assert.Equal("of one", await two.ReadTextAsync());
        await two.SendAsync("of two");

        Assert.Equal("of two", await one.ReadTextAsync());
    }

    [Fact]
    public async Task HubsDoNotHearEachOtherNorDoClientsOfOtherDialects()
    {
        await using var gateway = await StartAsync();
        await using var raw = await RawClient.ConnectAsync(gateway.Server, "?rooms=lobby");
        using var here = await FrameClient.ConnectAsync(gateway.Server, "/relay");
        using var there = await FrameClient.ConnectAsync(gateway.Server, "/relay-test");
        await ReadyAsync(gateway, "", 1);
        await ReadyAsync(gateway, "test", 1);

        await here.SendAsync("here");
        await there.SendAsync("there");
        await raw.ChatAsync("in an envelope");

        Assert.Equal("here", await here.ReadTextAsync());
        Assert.Equal("there", await there.ReadTextAsync());
        await here.SendAsync("end");
        Assert.Equal("end", await here.ReadTextAsync()); // and not the chat
        await raw.NextAsync("chat");
        Assert.Equal(["ack", "chat", "welcome"], raw.All.Select(m => m.Type).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ClientsCannotEnterTheRelaysRoom()
    {
        await using var gateway = await StartAsync();
        await using var raw = await RawClient.ConnectAsync(gateway.Server);

        var refused = await Assert.ThrowsAsync<GatewayError>(() => raw.RequestAsync("join", new { room = "frame relay" }));

        Assert.Equal(400, refused.Code);
    }

    [Fact]
    public async Task StalledClientIsClosedAndNobodyElseNotices()
    {
        await using var gateway = await StartAsync(o => (o.Outbox.OnFull, o.Raw.MaxMessageBytes) = (SlowConsumerPolicy.Disconnect, 10_000));
        using var healthy = await FrameClient.ConnectAsync(gateway.Server, "/relay");
        using var stalled = await HandMadeSocket.OpenAsync(gateway.Server, "/relay", receiveBuffer: 4096);
        await ReadyAsync(gateway, "", 2);
        var frame = new byte[8000];

        for (var i = 0; i < 2000; i++)
        {
            await healthy.SendAsync(WebSocketMessageType.Binary, frame);
            Assert.Equal(8000, (await healthy.ReadAsync())!.Value.Data.Length);
        }

        await Deadline.Until(() => gateway.Get<ConnectionTable>().Count == 1, "the stalled one is gone");
    }

    [Fact]
    public async Task FramesReachTheOtherReplicaInOneOrder()
    {
        const int Each = 300;
        await using var redis = await RedisServer.StartAsync();
        string[] arguments =
        [
            "--redis:enabled=true", "--redis:connection=" + redis.Address, "--hubs:test:max_connections=0",
            "--handlers:0:path=/relay", "--handlers:0:handler=relay", "--handlers:0:hub=test", "--handlers:1:path=/relay-default",
            "--handlers:1:handler=relay",
        ];
        await using var a = await GatewayProcess.StartAsync(arguments);
        await using var b = await GatewayProcess.StartAsync(arguments);
        using var one = await FrameClient.ConnectAsync(a.Server, "/relay");
        using var two = await FrameClient.ConnectAsync(b.Server, "/relay");
        using var foreign = await FrameClient.ConnectAsync(b.Server, "/relay-default");
        using var patient = await FrameClient.ConnectAsync(a.Server, "/relay-default");
        await HearEachOtherAsync(one, two);
        await HearEachOtherAsync(foreign, patient);

        var orders = await Task.WhenAll(TalkAsync(one, "a"), TalkAsync(two, "b")).Within("everything to arrive", TimeSpan.FromSeconds(40));

        Assert.Equal(orders[0], orders[1]);
        Assert.Equal(Enumerable.Range(0, Each).Select(i => $"a{i}"), orders[0].Where(t => t[0] == 'a'));
        Assert.Equal(Enumerable.Range(0, Each).Select(i => $"b{i}"), orders[0].Where(t => t[0] == 'b'));
        await foreign.SendAsync("end");
        Assert.Equal("end", await foreign.ReadTextAsync()); // nothing of the hub test before it

        static async Task<List<string>> TalkAsync(FrameClient client, string name)
        {
            var sending = Task.Run(async () =>
            {
                for (var i = 0; i < Each; i++) await client.SendAsync($"{name}{i}");
            });
            var heard = new List<string>();
            while (heard.Count < 2 * Each) heard.Add(await client.ReadTextAsync());
            await sending;
            return heard;
        }
    }

    /// <summary>There is nothing that tells a client when its place in the relay stands: what it sends does, when both have it.</summary>
    private static async Task HearEachOtherAsync(FrameClient one, FrameClient two)
    {
        await two.SendAsync("ready?");
        Assert.Equal("ready?", await two.ReadTextAsync());
        var hearing = one.ReadTextAsync();
        await one.SendAsync("mine");
        var first = await hearing;
        if (first == "ready?") Assert.Equal("mine", await one.ReadTextAsync());
        Assert.Equal("mine", await two.ReadTextAsync());
    }

    private static Task ReadyAsync(EmbeddedGateway gateway, string hub, int members) => Deadline.Until(
        () => gateway.Get<GatewayDomains>()[hub].Get<RoomTable>().Find("frame relay")?.MemberCount == members, "everyone is on the relay");

    private static Task<EmbeddedGateway> StartAsync(Action<ProgramOptions>? set = null) => EmbeddedGateway.StartAsync(o =>
    {
        o.Hubs["test"] = new NamedHubOptions();
        o.Handlers =
        [
            new() { Path = "/relay", Handler = BuiltInHandler.Relay },
            new() { Path = "/relay-test", Handler = BuiltInHandler.Relay, Hub = "test" }
        ];
        set?.Invoke(o);
    });
}
