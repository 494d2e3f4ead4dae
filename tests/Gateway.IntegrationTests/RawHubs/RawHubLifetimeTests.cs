using Gateway.AspNetCore.Hubs;
using Gateway.AspNetCore.Security;
using Gateway.Core.Connections;
using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>How a raw client's connection to a hub begins and ends, and what it does while one side does not listen.</summary>
public sealed class RawHubLifetimeTests
{
    [Fact]
    public async Task HubThatAbortsClosesWith1000()
    {
        await using var app = await HubApplication.StartAsync();
        using var client = await app.OpenAsync();
        await client.SendTextAsync("""{"type":"Leave","id":1}""");
        Assert.Equal("closed with 1000 ", (await ClosingAsync(client)).Trim() + " ");
    }

    [Fact]
    public async Task HubThatFailsToConnectClosesWith1011WithoutDetails()
    {
        await using var app = await HubApplication.StartAsync();
        using var client = await HandMadeSocket.OpenAsync(app.Server, "/ws?refused");
        Assert.Equal("closed with 1011 internal error", await client.NextTextAsync());
    }

    [Fact]
    public async Task ClientThatClosesGetsItsOwnCodeBackAndTheHubEnds()
    {
        await using var app = await HubApplication.StartAsync();
        await using var client = await app.ConnectAsync();
        await client.CloseAsync();
        Assert.Equal(1000, (await client.Closed).Code);
        await EndedAsync(app, client);
    }

    [Fact]
    public async Task ClientThatVanishesEndsTheHub()
    {
        await using var app = await HubApplication.StartAsync();
        await using var client = await app.ConnectAsync();
        client.Abort();
        await EndedAsync(app, client);
    }

    [Fact]
    public async Task RunningMethodLearnsThatItsClientHasVanished()
    {
        await using var app = await HubApplication.StartAsync(hub: options => options.MaximumParallelInvocationsPerClient = 1);
        await using var client = await app.ConnectAsync();
        await client.SendTextAsync("""{"type":"Wait"}""");
        await Deadline.Until(() => app.Journal.Has("waiting"), "the method runs");
        client.Abort();
        await Deadline.Until(() => app.Journal.Has("no longer waiting"), "the method learns it");
        await EndedAsync(app, client);
    }

    [Fact]
    public async Task CallsThatWereSentBeforeTheCloseAreMade()
    {
        await using var app = await HubApplication.StartAsync(hub: options => options.MaximumParallelInvocationsPerClient = 1);
        await using var client = await app.ConnectAsync();
        for (var i = 0; i < 20; i++) await client.SendAsync("Noted", $"note {i}");
        await client.CloseAsync();
        await Deadline.Until(() => app.Journal.Has("note 19"), "the last call is made");
    }

    [Fact]
    public async Task ClientThatDoesNotAnswerTheCloseIsAborted()
    {
        await using var app = await HubApplication.StartAsync(options => options.Raw.WriteWait = TimeSpan.FromMilliseconds(300));
        using var client = await app.OpenAsync();
        await client.SendTextAsync("""{"type":"Leave"}""");
        // It reads the close frame and says nothing.
        Assert.Contains(await client.ReadAllAsync(), frame => frame.CloseStatus.Code == 1000);
    }

    [Fact]
    public async Task ClientThatDoesNotReadItsStreamIsAborted()
    {
        await using var app = await HubApplication.StartAsync(options => options.Raw.WriteWait = TimeSpan.FromMilliseconds(300));
        using var client = await app.OpenAsync(receiveBuffer: 4096);
        await client.SendTextAsync("""{"type":"Count","payload":2000000,"id":1}""");
        await Deadline.Until(() => app.Journal.Ended == 1, "the hub ends");
    }

    /// <summary>The pipe to the hub is bounded, and so is the socket's buffer: the client cannot send on.</summary>
    [Fact]
    public async Task ClientWaitsForAHubThatIsBusyAndIsNotTakenForSilent()
    {
        await using var app = await HubApplication.StartAsync(
            options =>
            {
                options.Raw.PingPeriod = TimeSpan.FromMilliseconds(100);
                options.Raw.PongWait = TimeSpan.FromSeconds(1);
            },
            hub => hub.MaximumParallelInvocationsPerClient = 1,
            services => services.AddSingleton(new Gate()));
        using var client = await app.OpenAsync();
        await client.SendTextAsync("""{"type":"Pass","id":"gate"}""");
        var note = $$"""{"type":"Noted","payload":"{{new string('x', 30_000)}}"}""";
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 400; i++) await client.SendTextAsync(note);
            await client.SendTextAsync("""{"type":"Noted","payload":"the last"}""");
        });
        await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(2))); // longer than pong_wait
        Assert.False(sending.IsCompleted, "12 MB went into bounded buffers");
        app.Services.GetRequiredService<Gate>().Open.SetResult();
        await sending.Within("the rest to be sent");
        await Deadline.Until(() => app.Journal.Has("the last"), "the hub reads on");
    }

    [Fact]
    public async Task SilentClientGetsPingsAndIsClosedIfItDoesNotAnswer()
    {
        await using var app = await HubApplication.StartAsync(options =>
        {
            options.Raw.PingPeriod = TimeSpan.FromMilliseconds(100);
            options.Raw.PongWait = TimeSpan.FromSeconds(1);
        });
        using var client = await HandMadeSocket.OpenAsync(app.Server, "/ws");
        var frames = await client.ReadAllAsync();
        Assert.Contains(frames, frame => frame.Opcode == HandMadeSocket.Ping);
        Assert.Equal((1001, "no pong"), frames[^1].CloseStatus);
    }

    [Fact]
    public async Task ApplicationThatStopsClosesWith1001()
    {
        var app = await HubApplication.StartAsync();
        await using var client = await app.ConnectAsync();
        await app.DisposeAsync();
        Assert.Equal((1001, "shutting down"), await client.Closed.Within("the close"));
    }

    [Fact]
    public async Task NothingIsLeftOfConnectionsHoweverTheyEnd()
    {
        await using var app = await HubApplication.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
        {
            var client = await app.ConnectAsync();
            await client.RequestAsync("Enter", "group");
            if (i % 5 == 0) await client.SendAsync("Wait", null);
            if (i % 5 == 1) await client.SendTextAsync("""{"type":"Endless","id":1}""");
            if (i % 5 == 2) await client.SendTextAsync("""{"type":"Ask","payload":"never answered","id":1}""");
            if (i % 2 == 0) await client.CloseAsync();
            else if (i % 3 == 0) await client.SendAsync("Leave", null);
            await client.DisposeAsync();
        }));
        await Deadline.Until(() => app.Journal.Ended == 60, "every OnDisconnectedAsync runs", TimeSpan.FromSeconds(30));
        var domain = app.Services.GetRequiredService<HubDomains>().Of(typeof(ToolHub)).Domain;
        await Deadline.Until(() => domain.Get<ConnectionTable>().Count == 0, "the table is empty");
        await Deadline.Until(
            () => app.Services.GetRequiredService<ConnectionAdmission>().ActiveConnections == 0, "every request has ended");
    }

    [Fact]
    public async Task OrdinaryRequestIsToldWhatTheEndpointIs()
    {
        await using var app = await HubApplication.StartAsync();
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(app.Server, "/ws")).Within("the answer");
        Assert.Equal(System.Net.HttpStatusCode.UpgradeRequired, answer.StatusCode);
    }

    private static async Task EndedAsync(HubApplication app, RawClient client) => await Deadline.Until(
        () => app.Journal.Has(client.Welcome.GetProperty("id").GetString() + " ended"), "OnDisconnectedAsync runs, without a fault");

    private static async Task<string> ClosingAsync(HandMadeSocket client)
    {
        string next;
        while (!(next = await client.NextTextAsync()).StartsWith("closed", StringComparison.Ordinal))
        {
            Assert.NotEqual("the connection has ended", next);
        }
        return next;
    }
}
