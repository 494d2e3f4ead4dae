using System.Globalization;
using Gateway.Testing;

namespace Gateway.Client.Tests;

/// <summary>Gateways that stop, and networks that break.</summary>
public sealed class ReconnectTests
{
    private static readonly string[] Quiet =
    [
        "--metrics_stream:enabled=false", "--rooms:defaults:announce=false", "--rooms:defaults:history=20000", "--outbox:capacity=20000",
        "--outbox:max_bytes=50000000"
    ];
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task TenThousandMessagesAndFiftyCutsLoseNothingAndRepeatNothing()
    {
        const int Messages = 10_000;
        const int Cuts = 50;
        await using var gateway = await GatewayProcess.StartAsync(Quiet);
        await using var proxy = new FaultyProxy(gateway.Server);
        await using var speaker = Connect(proxy);
        await using var listener = Connect(proxy);
        var (heard, own) = (new Told(listener), new Told(speaker));
        await Task.WhenAll(speaker.JoinAsync("faults"), listener.JoinAsync("faults")).Within("the room");

        using var over = new CancellationTokenSource();
        var cuts = 0;
        var cutting = Task.Run(async () =>
        {
            for (; cuts < Cuts; cuts++)
            {
                var before = heard.Chats.Count;
                await Deadline.Until(
                    () => heard.Chats.Count >= Math.Min(before + 50, Messages) && speaker.State == ClientState.Open
                        && listener.State == ClientState.Open,
                    "both to be back", TimeSpan.FromSeconds(30));
                proxy.Cut();
            }
        });
        var said = new List<Task<Published>>();
        for (var i = 0; i < Messages; i++)
        {
            said.Add(speaker.ChatAsync(i.ToString(CultureInfo.InvariantCulture), "faults"));
            if (said.Count >= 500) await said[^500].Within("an answer", TimeSpan.FromSeconds(30));
        }
        await Task.WhenAll(said).Within("all answers", TimeSpan.FromSeconds(60));
        await heard.UntilChatsAsync(Messages, TimeSpan.FromSeconds(30));
        await own.UntilChatsAsync(Messages, TimeSpan.FromSeconds(30));
        await cutting.Within("all cuts", TimeSpan.FromSeconds(60));

        Assert.True(cuts == Cuts && listener.Welcome != null);
        foreach (var told in new[] { heard, own })
        {
            Assert.Equal(Enumerable.Range(0, Messages), told.Chats.Select(chat => int.Parse(chat.Content, CultureInfo.InvariantCulture)));
            Assert.Empty(told.Gaps);
        }
        Assert.True(heard.Resumed.Count > Cuts / 2, $"only {heard.Resumed.Count} reconnects");
    }

    [Fact]
    public async Task RestartedGatewayThatHasForgottenEverythingIsAGapAndTheRoomGoesOn()
    {
        var port = Free.Port();
        var first = await GatewayProcess.StartAsync([.. Quiet, $"--server:port={port}"]);
        await using var client = new GatewayClient($"ws://127.0.0.1:{port}", Options());
        var told = new Told(client);
        await client.JoinAsync("room").Within("the room");
        await client.ChatAsync("before", "room").Within("the answer");
        await told.UntilChatsAsync(1);
        var (user, position) = (client.Welcome!.UserId, client.PositionOf("room")!);
        await first.DisposeAsync();
        var waiting = client.ChatAsync("while away", "room");
        await using var second = await GatewayProcess.StartAsync([.. Quiet, $"--server:port={port}"]);
        await waiting.Within("the answer");
        await told.UntilChatsAsync(2);

        Assert.Equal(new Gap("room", "epoch changed", position.Epoch, position.Offset + 1, null, null), Assert.Single(told.Gaps));
        Assert.Equal(["before", "while away"], told.Chats.Select(chat => chat.Content));
        Assert.Equal(user, client.Welcome.UserId);
        Assert.NotEqual(position.Epoch, client.PositionOf("room")!.Epoch);
    }

    [Fact]
    public async Task GoesOnWithAnotherReplicaWhereItWasWithTheFirst()
    {
        await using var redis = await RedisServer.StartAsync();
        string[] shared = [.. Quiet, "--redis:enabled=true", $"--redis:connection={redis.Address}"];
        var first = await GatewayProcess.StartAsync(shared);
        await using var second = await GatewayProcess.StartAsync(shared);
        await using var proxy = new FaultyProxy(first.Server);
        await using var client = Connect(proxy);
        await using var other = new GatewayClient(second.Server.ToString());
        var told = new Told(client);
        await Task.WhenAll(client.JoinAsync("room"), other.JoinAsync("room")).Within("the room");
        await other.ChatAsync("0", "room").Within("the answer");
        await told.UntilChatsAsync(1);
        proxy.IsAway = true;
        proxy.Target = second.Server;
        await first.DisposeAsync();
        for (var i = 1; i < 10; i++) await other.ChatAsync($"{i}", "room").Within("the answer");
        proxy.IsAway = false;
        await told.UntilChatsAsync(10);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), told.Chats.Select(chat => chat.Content));
        Assert.Equal(new Resumed("room", true, 9), Assert.Single(told.Resumed));
    }

    [Fact]
    public async Task LinkThatIsDeadIsNoticed()
    {
        await using var gateway = await GatewayProcess.StartAsync(Quiet);
        await using var proxy = new FaultyProxy(gateway.Server);
        var options = Options();
        (options.HeartbeatInterval, options.HeartbeatTimeout) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(200));
        await using var client = new GatewayClient(proxy.Address, options);
        var told = new Told(client);
        await client.JoinAsync("room").Within("the room");
        proxy.IsSilent = true;
        await Deadline.Until(
            () => told.States.Any(change => change.Error?.Message == "the gateway does not answer"), "the dead link to be noticed");
        proxy.IsSilent = false;
        await told.UntilAsync(ClientState.Open);
    }

    [Fact]
    public async Task GivesUpAfterAsManyAttemptsAsItMay()
    {
        var options = Options();
        options.MaxReconnectAttempts = 3;
        await using var client = new GatewayClient("ws://127.0.0.1:1", options);
        var told = new Told(client);
        var waiting = client.ChatAsync("?");
        await told.UntilAsync(ClientState.Closed);

        Assert.Equal(3, told.States.Count(change => change.Delay != null));
        Assert.Equal(
            GatewayErrors.Closed, (await Assert.ThrowsAsync<GatewayException>(() => waiting.Within("the end of the waiting"))).Code);
    }

    [Fact]
    public async Task GatewayThatStopsIsLeftAtOnce()
    {
        await using var gateway = await GatewayProcess.StartAsync(Quiet);
        await using var client = new GatewayClient(gateway.Server.ToString(), Options());
        var told = new Told(client);
        await client.JoinAsync("room").Within("the room");
        Assert.Equal(0, await gateway.StopAsync());
        await Deadline.Until(
            () => told.States.Any(change => change is { State: ClientState.Reconnecting, Error.Code: "1001" }), "the client to leave");
    }

    [Fact]
    public void DelaysGrowUpToTheirCap()
    {
        var (first, longest) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        Assert.Equal(
            [1, 2, 4, 8, 16, 30, 30],
            Enumerable.Range(0, 7).Select(failures => Connections.Backoff.Delay(failures, first, longest, 1).TotalSeconds));
        Assert.Equal(TimeSpan.Zero, Connections.Backoff.Delay(5, first, longest, 0));
        Assert.Equal(30, Connections.Backoff.Delay(int.MaxValue, first, longest, 1).TotalSeconds);
    }

    private static GatewayClientOptions Options() => new() { ReconnectBaseDelay = Soon, ReconnectMaxDelay = Soon };

    private static GatewayClient Connect(FaultyProxy proxy) => new(proxy.Address, Options());
}
