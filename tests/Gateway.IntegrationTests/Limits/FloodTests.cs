using System.Diagnostics;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>A bot of either dialect sends ten thousand messages as fast as it can; the others do not notice.</summary>
public sealed class FloodTests(ITestOutputHelper output)
{
    private const int Messages = 10_000;
    private const int Limit = 100;

    [Fact]
    public async Task BotIsLimitedEquallyInBothDialectsAndTheOthersAreServedAsBefore()
    {
        await using var gateway = await GatewayProcess.StartAsync($"--rate_limit:messages={Limit}", "--rate_limit:window=10m");
        var before = await PercentileAsync(gateway, () => Task.CompletedTask);
        var passed = new List<int>();
        var during = TimeSpan.Zero;
        foreach (var kind in new[] { Kind.Raw, Kind.SignalR })
        {
            var p99 = await PercentileAsync(gateway, async () => passed.Add(await FloodAsync(gateway, kind)));
            during = p99 > during ? p99 : during;
        }
        output.WriteLine(
            $"p99 of the others: {before.TotalMilliseconds:0.0} ms before, {during.TotalMilliseconds:0.0} ms at the most during the "
            + $"floods; let through: {string.Join(", ", passed)}");

        Assert.Equal([Limit, Limit], passed);
        // The machine is shared with other tests, and with the bot itself: what counts is that nothing queues up behind the flood.
        Assert.InRange(during, TimeSpan.Zero, (5 * before) + TimeSpan.FromMilliseconds(150));
    }

    /// <returns>How many came through: what the bot's listener in the same room heard.</returns>
    private static async Task<int> FloodAsync(GatewayProcess gateway, Kind kind)
    {
        var room = "flood" + kind;
        await using var listener = await RawClient.ConnectAsync(gateway.Server, "?rooms=" + room);
        var hub = kind == Kind.SignalR;
        using var bot = await HandMadeSocket.OpenAsync(gateway.Server, (hub ? "/hub" : "/ws") + "?rooms=" + room);
        if (hub) await bot.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        await bot.ReadAsync();
        var closed = UntilClosedAsync(bot);
        var message = hub
            ? $$"""{"type":1,"target":"Chat","arguments":[{"room":"{{room}}","content":"x"}]}""" + "\u001e"
            : $$$"""{"type":"chat","payload":{"room":"{{{room}}}","content":"x"}}""";
        try
        {
            for (var i = 0; i < Messages; i++) await bot.SendTextAsync(message);
        }
        catch (IOException)
        {
            // It was closed in the middle of it.
        }
        Assert.Equal((1008, "flooding"), await closed.Within("the close"));
        await listener.RequestAsync("chat", new { room, content = "end" });
        while ((await listener.NextAsync("chat")).Text("content") != "end")
        {
        }
        return listener.All.Count(m => m.Type == "chat") - 1;
    }

    private static async Task<(int, string)> UntilClosedAsync(HandMadeSocket bot)
    {
        while (true)
        {
            var frame = await bot.ReadAsync() ?? throw new InvalidOperationException("closed without a close frame");
            if (frame.Opcode == HandMadeSocket.Close) return frame.CloseStatus;
        }
    }

    /// <summary>The 99th percentile of the round trips of twenty clients while something happens, and of at least four hundred.</summary>
    private static async Task<TimeSpan> PercentileAsync(GatewayProcess gateway, Func<Task> happens)
    {
        const int Clients = 20, Each = 40;
        var clients = new List<IChatClient>();
        for (var i = 0; i < Clients; i++)
            clients.Add(await IntegrationTests.Clients.ConnectAsync(i % 2 == 0 ? Kind.Raw : Kind.SignalR, gateway.Server));
        var happening = happens();
        var times = await Task.WhenAll(clients.Select(async client =>
        {
            var own = new List<TimeSpan>();
            for (var i = 0; i < Each; i++)
            {
                var began = Stopwatch.GetTimestamp();
                await client.RequestAsync("ping", null);
                own.Add(Stopwatch.GetElapsedTime(began));
            }
            return own;
        }));
        await happening.Within("what happens", TimeSpan.FromSeconds(60));
        foreach (var client in clients) await client.DisposeAsync();
        var all = times.SelectMany(t => t).Order().ToList();
        return all[all.Count * 99 / 100];
    }
}
