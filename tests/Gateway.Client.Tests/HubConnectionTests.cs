using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Gateway.Client.SignalR;
using Gateway.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Client.Tests;

/// <summary>The stock .NET SignalR client with the companion around it.</summary>
public sealed class HubConnectionTests
{
    private static readonly string[] Quiet =
    [
        "--metrics_stream:enabled=false", "--rooms:defaults:announce=false", "--rooms:defaults:history=20000", "--outbox:capacity=20000",
        "--outbox:max_bytes=50000000"
    ];

    [Fact]
    public async Task SpeaksHearsAsksAndIsRefusedLikeARawClient()
    {
        await using var gateway = await GatewayProcess.StartAsync(Quiet);
        await using var hub = Build(gateway.Server);
        await using var raw = new GatewayClient(gateway.Server.ToString(), new() { Username = "Ann" });
        var heard = Hear(hub);
        await hub.StartAsync().Within("the connection");
        await Task.WhenAll(hub.JoinAsync("room"), raw.JoinAsync("room")).Within("the room");
        Assert.Equal(1, (await hub.ChatAsync("from the hub", "room").Within("the answer")).Offset);
        await raw.ChatAsync("from a raw client", "room").Within("the answer");
        await Deadline.Until(() => heard.Count == 2, "both messages");

        Assert.Equal(["from the hub", "from a raw client"], heard);
        Assert.Equal(["room"], hub.Rooms);
        Assert.Equal(2, hub.PositionOf("room")!.Offset);
        var members = await hub.RequestAsync("presence", new JsonObject { ["room"] = "room" }).Within("the members");
        Assert.Equal(2, members.GetProperty("count").GetInt32());
        Assert.True((await hub.RequestAsync("ping").Within("the pong")).TryGetProperty("time", out _));
        var refused = await Assert.ThrowsAsync<GatewayException>(() => hub.ChatAsync("?", "elsewhere").Within("the refusal"));
        Assert.Equal(("403", "403: not in room elsewhere"), (refused.Code, refused.Message));
        await hub.LeaveAsync("room").Within("the end of it");
        Assert.Empty(hub.Rooms);
    }

    [Fact]
    public async Task TenThousandMessagesAndFiftyCutsLoseNothingAndRepeatNothing()
    {
        const int Messages = 10_000;
        const int Cuts = 50;
        await using var gateway = await GatewayProcess.StartAsync(Quiet);
        await using var proxy = new FaultyProxy(gateway.Server);
        await using var hub = Build(new Uri(proxy.Address));
        var heard = Hear(hub);
        var resumed = 0;
        var gaps = new List<Gap>();
        hub.Resumed += _ => resumed++;
        hub.Gap += gaps.Add;
        await hub.StartAsync().Within("the connection");
        await hub.JoinAsync("faults").Within("the room");
        var cutting = Task.Run(async () =>
        {
            for (var i = 0; i < Cuts; i++)
            {
                var before = Count(heard);
                await Deadline.Until(
                    () => Count(heard) >= Math.Min(before + 50, Messages) && hub.Connection.State == HubConnectionState.Connected,
                    "it to be back", TimeSpan.FromSeconds(30));
                proxy.Cut();
            }
        });
        var said = new List<Task<Published>>();
        for (var i = 0; i < Messages; i++)
        {
            said.Add(hub.ChatAsync(i.ToString(CultureInfo.InvariantCulture), "faults"));
            if (said.Count >= 500) await said[^500].Within("an answer", TimeSpan.FromSeconds(30));
        }
        await Task.WhenAll(said).Within("all answers", TimeSpan.FromSeconds(60));
        await Deadline.Until(() => Count(heard) >= Messages, "all messages", TimeSpan.FromSeconds(30));
        await cutting.Within("all cuts", TimeSpan.FromSeconds(60));

        lock (heard) Assert.Equal(Enumerable.Range(0, Messages), heard.Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
        Assert.Empty(gaps);
        Assert.True(resumed > Cuts / 2, $"only {resumed} reconnects");
    }

    [Fact]
    public async Task AddressThatBeginsInRoomsIsRefusedWithTheWayOut()
    {
        await using var gateway = await GatewayProcess.StartAsync(Quiet);
        await using var hub = Build(gateway.Server, "rooms=lobby");
        await hub.StartAsync().Within("the connection");
        var said = hub.JoinAsync("room");

        Assert.Contains(
            "add rooms= to its address", (await Assert.ThrowsAsync<GatewayException>(() => said.Within("the refusal"))).Message);
    }

    private static int Count(List<string> heard)
    {
        lock (heard) return heard.Count;
    }

    private static List<string> Hear(ResumingHubConnection hub)
    {
        var heard = new List<string>();
        hub.OnChat(chat =>
        {
            lock (heard) heard.Add(chat.Content);
        });
        return heard;
    }

    private static ResumingHubConnection Build(Uri server, string query = "rooms=")
    {
        var address = new Uri($"ws://{server.Authority}/hub?{query}&guest_key=a-key-of-this-test-{Guid.NewGuid():N}");
        var builder = new HubConnectionBuilder().WithAutomaticReconnect(new AtOnce());
        builder.Services.AddSingleton<IConnectionFactory>(new WebSocketConnectionFactory(static _ => { }, null, null));
        builder.Services.AddSingleton<EndPoint>(new UriEndPoint(address));
        return builder.Build().WithGatewayResume();
    }

    private sealed class AtOnce : IRetryPolicy
    {
        public TimeSpan? NextRetryDelay(RetryContext retryContext) => TimeSpan.FromMilliseconds(20);
    }
}
