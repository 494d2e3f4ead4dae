using System.Text.Json.Nodes;
using Gateway.Testing;

namespace Gateway.Client.Tests;

/// <summary>A client and a gateway that both stay where they are.</summary>
public sealed class ClientTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);
    private readonly Uri _server = fixture.Server;

    [Fact]
    public async Task SpeaksAndHearsClientsOfBothDialects()
    {
        await using var raw = await RawClient.ConnectAsync(_server, "?rooms=met");
        await using var signalR = await SignalRClient.ConnectAsync(_server, "?rooms=met");
        await using var client = Connect(new() { Username = "Ann" });
        var told = new Told(client);
        var position = await client.JoinAsync("met").Within("the room");
        var published = await client.ChatAsync("hello", "met").Within("the answer");
        await signalR.RequestAsync("chat", new { room = "met", content = "hi" });
        await told.UntilChatsAsync(2);

        Assert.Equal((0, 1L), (position.Offset ?? -1, published.Offset));
        Assert.Equal(
            [("Ann", "hello", 1L), (signalR.Welcome.GetProperty("username").GetString()!, "hi", 2L)],
            told.Chats.Select(c => (c.Username, c.Content, c.Offset!.Value)));
        Assert.Equal("hello", (await raw.NextAsync("chat")).Text("content"));
        Assert.Equal(new Position(position.Epoch!, 2), client.PositionOf("met"));
        Assert.Equal(["met"], client.Rooms);
        Assert.NotNull(client.GuestKey);
        Assert.Equal("Ann", client.Welcome!.Username);
    }

    [Fact]
    public async Task RequestsAreAnsweredAndRefusalsHaveTheirCode()
    {
        await using var client = Connect();
        await client.JoinAsync("asked");
        for (var i = 0; i < 3; i++) await client.ChatAsync($"message {i}", "asked").Within("the answer");

        var page = await client.HistoryAsync("asked", limit: 2).Within("the history");
        Assert.Equal(["message 1", "message 2"], page.Messages.Select(m => m.Payload.GetProperty("content").GetString()!));
        Assert.True(page.More);
        Assert.Equal(client.Welcome!.UserId, Assert.Single((await client.MembersAsync("asked").Within("the members")).Members).UserId);
        Assert.True((await client.RequestAsync("ping").Within("the pong")).TryGetProperty("time", out _));
        Assert.Equal(
            "403", (await Assert.ThrowsAsync<GatewayException>(() => client.ChatAsync("?", "elsewhere").Within("the refusal"))).Code);
        Assert.Equal(
            "400",
            (await Assert.ThrowsAsync<GatewayException>(
                () => client.SendAsync("no such type", new JsonObject()).Within("the refusal"))).Code);
        Assert.Equal(
            "404", (await Assert.ThrowsAsync<GatewayException>(() => client.DirectAsync("nobody", "?").Within("the refusal"))).Code);
        Assert.Equal("404", (await Assert.ThrowsAsync<GatewayException>(() => client.LeaveAsync("elsewhere").Within("the refusal"))).Code);
        Assert.Equal(
            "413",
            (await Assert.ThrowsAsync<GatewayException>(
                () => client.ChatAsync(new string('x', 40_000), "asked").Within("the refusal"))).Code);
        Assert.Equal("400", (await Assert.ThrowsAsync<GatewayException>(() => client.JoinAsync("two words").Within("the refusal"))).Code);
        await Assert.ThrowsAsync<ArgumentException>(() => client.RequestAsync("join"));
        Assert.Equal(ClientState.Open, client.State);
    }

    [Fact]
    public async Task EveryMessageIsReadFromTheMomentOfAsking()
    {
        await using var client = Connect();
        await client.JoinAsync("read");
        var messages = client.ReadAllAsync();
        for (var i = 0; i < 5; i++) await client.ChatAsync($"{i}", "read").Within("the answer");
        using var late = new CancellationTokenSource(Deadline.Usual);
        var read = new List<string>();
        await foreach (var message in messages.WithCancellation(late.Token))
        {
            if (message.Type == "chat") read.Add(message.Payload.GetProperty("content").GetString()!);
            if (read.Count == 5) break;
        }
        Assert.Equal(["0", "1", "2", "3", "4"], read);
    }

    [Fact]
    public async Task ReadingEndsWithTheClient()
    {
        var client = Connect();
        await client.JoinAsync("ended");
        var reading = Task.Run(async () =>
        {
            var count = 0;
            await foreach (var message in client.ReadAllAsync()) count++;
            return count;
        });
        await client.DisposeAsync().AsTask().Within("the client to end");
        await reading.Within("the reading to end");
        Assert.Equal(GatewayErrors.Closed, (await Assert.ThrowsAsync<GatewayException>(() => client.ChatAsync("?"))).Code);
        Assert.Equal(GatewayErrors.Closed, (await Assert.ThrowsAsync<GatewayException>(() => client.JoinAsync("ended"))).Code);
        await client.DisposeAsync(); // once more does no harm
    }

    [Fact]
    public async Task HandlerThatThrowsIsToldAndHoldsUpNobody()
    {
        await using var client = Connect();
        var told = new Told(client);
        Exception? failed = null;
        client.HandlerFailed += fault => failed = fault;
        using (client.On("chat", _ => throw new InvalidOperationException("by the test")))
        {
            await client.JoinAsync("thrown");
            await client.ChatAsync("one", "thrown").Within("the answer");
            await Deadline.Until(() => failed != null, "the fault to be told");
        }
        await client.ChatAsync("two", "thrown").Within("the answer");
        await told.UntilChatsAsync(2);
        Assert.Equal("by the test", failed!.Message);
    }

    [Fact]
    public async Task SameGuestKeyIsTheSameUser()
    {
        await using var first = Connect();
        await first.RequestAsync("ping").Within("the pong");
        await using var second = Connect(new() { GuestKey = first.GuestKey });
        await second.RequestAsync("ping").Within("the pong");

        Assert.Equal(first.Welcome!.UserId, second.Welcome!.UserId);
    }

    [Fact]
    public async Task WaitingCanBeGivenUp()
    {
        await using var client = new GatewayClient("ws://127.0.0.1:1/ws", new() { ReconnectBaseDelay = Soon, ReconnectMaxDelay = Soon });
        using var cancel = new CancellationTokenSource();
        var (said, joined) = (client.ChatAsync("?", cancel: cancel.Token), client.JoinAsync("lobby", cancel.Token));
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => said.Within("the end of the waiting"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joined.Within("the end of the waiting"));
    }

    [Fact]
    public async Task WhatCannotBeInTimeFails()
    {
        await using var client = new GatewayClient(
            "ws://127.0.0.1:1/ws", new() { SendTimeout = Soon, RequestTimeout = Soon, MaxQueued = 2 });
        var said = client.ChatAsync("?");
        var asked = client.RequestAsync("ping");
        Assert.Equal(GatewayErrors.OutgoingOverflow, (await Assert.ThrowsAsync<GatewayException>(() => client.ChatAsync("?"))).Code);
        Assert.Equal(GatewayErrors.Timeout, (await Assert.ThrowsAsync<GatewayException>(() => said.Within("the end of the waiting"))).Code);
        Assert.Equal(
            GatewayErrors.Timeout, (await Assert.ThrowsAsync<GatewayException>(() => asked.Within("the end of the waiting"))).Code);
        Assert.Equal(
            GatewayErrors.Timeout,
            (await Assert.ThrowsAsync<GatewayException>(() => client.JoinAsync("lobby").Within("the end of the waiting"))).Code);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ftp://localhost/ws")]
    [InlineData("")]
    public void WrongAddressIsToldAtOnce(string address) => Assert.Throws<ArgumentException>(() => new GatewayClient(address));

    [Fact]
    public void WrongOptionsAreToldAtOnce()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Connect(new() { MaxQueued = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Connect(new() { SendTimeout = TimeSpan.Zero }));
        Assert.Throws<ArgumentException>(() => Connect(new() { GuestKey = "short" }));
    }

    [Fact]
    public async Task WhatIsRefusedForGoodClosesTheClientAndSaysWhy()
    {
        await using var client = new GatewayClient(
            new Uri(_server, "/ws?token=a&access_token=b").ToString(), new() { Username = new string('x', 100) });
        var told = new Told(client);
        var joined = client.JoinAsync("lobby");
        await told.UntilAsync(ClientState.Closed);

        var error = told.States[^1].Error!;
        Assert.Equal(("400", "username is longer than 64 characters"), (error.Code, error.Message));
        Assert.Contains(
            "username is longer", (await Assert.ThrowsAsync<GatewayException>(() => joined.Within("the end of the waiting"))).Message);
    }

    private GatewayClient Connect(GatewayClientOptions? options = null) =>
        new(new UriBuilder(_server) { Scheme = "ws" }.Uri.ToString(), options);
}

/// <summary>One gateway for the tests of a class.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    private GatewayProcess _gateway = null!;

    public Uri Server => _gateway.Server;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayProcess.StartAsync("--metrics_stream:enabled=false", "--rooms:defaults:announce=false");

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();
}
