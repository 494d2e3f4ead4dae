using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>A client that does not read: what becomes of it is the room's policy, and nobody else notices.</summary>
public sealed class SlowConsumerTests
{
    private static readonly string Filler = new('x', 8000);

    [Theory]
    [InlineData("/ws")]
    [InlineData("/hub")]
    public async Task IsClosedUnderThePolicyDisconnect(string path)
    {
        await using var gateway = await StartAsync(SlowConsumerPolicy.Disconnect);
        using var closed = new ClosedReasons(gateway.Get<IMeterFactory>());
        await using var healthy = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");
        using var stalled = await OpenStalledAsync(gateway, path);

        await PublishAsync(healthy, 2000);

        var frames = await stalled.ReadAllAsync();
        // if the socket still took it
        if (frames.Count > 0 && frames[^1].Opcode == HandMadeSocket.Close) Assert.Equal((1008, "slow consumer"), frames[^1].CloseStatus);
        await Deadline.Until(() => gateway.Get<ConnectionTable>().Count == 1, "only the healthy one is left");
        Assert.Equal("slow consumer", Assert.Single(closed.Reasons));
        Assert.Equal(2000, healthy.All.Count(m => m.Type == "chat"));
    }

    [Theory]
    [InlineData(SlowConsumerPolicy.DropOldest)]
    [InlineData(SlowConsumerPolicy.DropNewest)]
    public async Task IsToldExactlyWhatItMissedUnderTheDroppingPolicies(SlowConsumerPolicy policy)
    {
        await using var gateway = await StartAsync(policy);
        await using var healthy = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");
        using var stalled = await OpenStalledAsync(gateway, "/ws");
        await PublishAsync(healthy, 2000);

        var frames = new List<ReceivedMessage>(); // now it reads again: everything up to a mark
        await healthy.ChatAsync("mark", "r");
        while (true)
        {
            var message = Read((await stalled.ReadAsync())!);
            frames.Add(message);
            if (message.Text("content") == "mark") break;
            if (policy == SlowConsumerPolicy.DropNewest && message.Text("event") == "gap"
                && message.Json.GetProperty("to").GetInt64() >= 2001) break;
        }

        var next = frames.First(f => f.Type == "chat").Json.GetProperty("offset").GetInt64();
        foreach (var message in frames.SkipWhile(f => f.Type != "chat"))
        {
            if (message.Type == "chat")
            {
                Assert.Equal(next++, message.Json.GetProperty("offset").GetInt64());
            }
            else
            {
                Assert.Equal(
                    ("gap", "r", next), (message.Text("event"), message.Text("room"), message.Json.GetProperty("from").GetInt64()));
                next = message.Json.GetProperty("to").GetInt64() + 1;
                Assert.Equal(next - message.Json.GetProperty("from").GetInt64(), message.Json.GetProperty("missed").GetInt64());
            }
        }
        Assert.Contains(frames, f => f.Text("event") == "gap");
    }

    [Fact]
    public async Task GetsTheNewestWhenItReadsAgainUnderThePolicyLatest()
    {
        await using var gateway = await StartAsync(SlowConsumerPolicy.Latest);
        await using var healthy = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");
        using var stalled = await OpenStalledAsync(gateway, "/ws");
        await PublishAsync(healthy, 2000, waitsForEcho: false);

        var read = 0;
        while (Read((await stalled.ReadAsync())!).Text("content") != "1999 " + Filler) read++;

        Assert.InRange(read, 1, 1990); // most of them were passed over
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task OnTheFallbackTransportsIsHeldToTheSamePolicy(int transport)
    {
        await using var gateway = await StartAsync(SlowConsumerPolicy.Disconnect);
        var connections = gateway.Get<ConnectionTable>();
        using var http = new HttpClient();
        using var negotiated = await http.PostAsync(
            new Uri(gateway.Server, "/hub/negotiate?negotiateVersion=1"), null).Within("negotiation");
        var token = System.Text.Json.JsonDocument.Parse(
            await negotiated.Content.ReadAsStreamAsync()).RootElement.GetProperty("connectionToken").GetString();
        var url = new Uri(gateway.Server, $"/hub?id={token}&rooms=r");
        using var connect = new HttpRequestMessage(HttpMethod.Get, url);
        if (transport == 2) connect.Headers.Add("Accept", "text/event-stream");
        // and is not read
        using var stream = await http.SendAsync(connect, HttpCompletionOption.ResponseHeadersRead).Within("the connection");
        using var handshake = await http.PostAsync(
            url, new StringContent("{\"protocol\":\"json\",\"version\":1}\u001e")).Within("the handshake");
        await Deadline.Until(() => connections.Count == 1, "the hub connection is there");
        await using var healthy = await RawClient.ConnectAsync(gateway.Server, "?rooms=r");

        await PublishAsync(healthy, 2000);

        await Deadline.Until(() => connections.Count == 1, "only the healthy one is left", TimeSpan.FromSeconds(30));
        Assert.Equal(2000, healthy.All.Count(m => m.Type == "chat"));
    }

    [Fact]
    public async Task LargeHubResultIsNotTornByBroadcasts()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        await using var crowd = await RawClient.ConnectAsync(gateway.Server);
        // makes the list of members long
        for (var i = 0; i < 40; i++) _ = await RawClient.ConnectAsync(gateway.Server, "?rooms=lobby&username=" + new string('n', 60));
        await using var asker = await SignalRClient.ConnectAsync(gateway.Server);
        using var stop = new CancellationTokenSource();
        var chatter = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await crowd.ChatAsync("chatter");
        });

        for (var i = 0; i < 200; i++)
        {
            var list = await asker.RequestAsync("presence", new { room = "lobby" });
            Assert.Equal(42, list.GetProperty("count").GetInt32());
        }

        await stop.CancelAsync();
        await chatter.Within("the chatter to end");
        Assert.Contains(asker.All, m => m.Type == "chat");
    }

    private static Task<EmbeddedGateway> StartAsync(SlowConsumerPolicy policy) => EmbeddedGateway.StartAsync(o =>
    {
        o.Raw.WriteWait = TimeSpan.FromSeconds(policy == SlowConsumerPolicy.Disconnect ? 1 : 60);
        o.Outbox.Capacity = 50;
        o.Rooms.Defaults.Announce = false;
        o.Rooms.Policies.Insert(0, new RoomPolicyOptions { Match = "r", OnFull = policy });
    });

    private static async Task<HandMadeSocket> OpenStalledAsync(EmbeddedGateway gateway, string path)
    {
        var stalled = await HandMadeSocket.OpenAsync(gateway.Server, path + "?rooms=r", receiveBuffer: 4096);
        if (path == "/hub")
        {
            await stalled.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
            await stalled.ReadAsync();
        }
        await stalled.ReadAsync(); // the welcome
        return stalled;
    }

    private static async Task PublishAsync(RawClient client, int messages, bool waitsForEcho = true)
    {
        for (var i = 0; i < messages; i++) await client.ChatAsync($"{i} {Filler}", "r");
        if (waitsForEcho)
            await Deadline.Until(
                () => client.All.Count(m => m.Type == "chat") >= messages, "the healthy client has everything", TimeSpan.FromSeconds(30));
    }

    private static ReceivedMessage Read(HandMadeFrame frame)
    {
        var json = System.Text.Json.JsonDocument.Parse(frame.Payload).RootElement;
        return new ReceivedMessage(
            json.GetProperty("type").GetString()!, System.Text.Encoding.UTF8.GetBytes(json.GetProperty("payload").GetRawText()));
    }

    /// <summary>Why this one gateway closed connections.</summary>
    private sealed class ClosedReasons : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<string> _reasons = [];

        public ClosedReasons(IMeterFactory factory)
        {
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _reasons.Enqueue((string)tags[0].Value!));
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "gateway_closed_total" && instrument.Meter.Scope == factory)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.Start();
        }

        public IReadOnlyCollection<string> Reasons => _reasons;

        public void Dispose() => _listener.Dispose();
    }
}
