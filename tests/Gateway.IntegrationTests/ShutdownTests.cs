using Gateway.IntegrationTests.AnyReplica;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

public sealed class ShutdownTests
{
    private const int SigInt = 2;
    private const int SigTerm = 15;

    [Theory]
    [InlineData(SigInt)]
    [InlineData(SigTerm)]
    public async Task ClientsOfBothDialectsAreToldAndTheProcessEndsWell(int signal)
    {
        await using var gateway = await GatewayProcess.StartAsync();
        await using var raw = await RawClient.ConnectAsync(gateway.Server);
        await using var signalR = await SignalRClient.ConnectAsync(gateway.Server);

        var exit = gateway.StopAsync(signal);

        Assert.Equal("shutdown", (await raw.NextAsync("system")).Text("event"));
        Assert.Equal("shutdown", (await signalR.NextAsync("system")).Text("event"));
        Assert.Equal((1001, "shutting down"), await raw.Closed.Within("the close"));
        await signalR.Closed.Within("the close");
        Assert.Equal(0, await exit);
    }

    [Fact]
    public async Task SignalRClientIsAllowedToReconnect()
    {
        await using var gateway = await GatewayProcess.StartAsync();
        using var client = await HandMadeSocket.OpenAsync(gateway.Server, "/hub");
        await client.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        await client.ReadAsync();
        await client.ReadAsync(); // the welcome

        gateway.SendSignal(SigTerm);

        var frames = await client.ReadAllAsync();
        Assert.Contains(frames, f => f.Text == "{\"type\":7,\"allowReconnect\":true}\u001e");
        Assert.Equal((1001, "shutting down"), frames[^1].CloseStatus);
        Assert.Single(frames, f => f.Opcode == HandMadeSocket.Close);
    }

    [Fact]
    public async Task WhatWasAcceptedStillGoesOutAheadOfTheCloseFrame()
    {
        await using var gateway = await GatewayProcess.StartAsync();
        await using var raw = await RawClient.ConnectAsync(gateway.Server);
        for (var i = 0; i < 100; i++) await raw.RequestAsync("chat", new { content = $"{i}" });

        gateway.SendSignal(SigTerm);

        await raw.Closed.Within("the close");
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), raw.All.Where(m => m.Type == "chat").Select(m => m.Text("content")));
    }

    [Fact]
    public async Task ClientThatDoesNotCloseHoldsNobodyUpBeyondTheTimeout()
    {
        await using var gateway = await GatewayProcess.StartAsync("--server:shutdown_timeout=2s");
        using var deaf = await HandMadeSocket.OpenAsync(gateway.Server, "/ws"); // never answers the close frame

        var started = DateTime.UtcNow;
        var exit = await gateway.StopAsync();

        Assert.Equal(0, exit);
        Assert.InRange((DateTime.UtcNow - started).TotalSeconds, 0, 5);
    }

    [Fact]
    public async Task ClientThatIsJustComingInIsToldToo()
    {
        await using var gateway = await GatewayProcess.StartAsync();
        using var client = await HandMadeSocket.OpenAsync(gateway.Server, "/ws");

        gateway.SendSignal(SigTerm); // it has been accepted, and hardly been entered anywhere yet

        while (await client.ReadAsync() is { } frame)
        {
            if (frame.Opcode != HandMadeSocket.Close) continue;
            Assert.Equal((1001, "shutting down"), frame.CloseStatus);
            return;
        }
        Assert.Fail("no close frame came");
    }

    [Fact]
    public async Task NewcomersAreRefusedWhileTheOldOnesLeave()
    {
        // for as long as somebody is there, whom the test sends away
        await using var gateway = await GatewayProcess.StartAsync("--server:shutdown_timeout=30s", "--raw:write_wait=30s");
        using var deaf = await HandMadeSocket.OpenAsync(gateway.Server, "/ws");
        await deaf.ReadAsync(); // the welcome
        using var http = new HttpClient();

        gateway.SendSignal(SigTerm);
        while (await deaf.ReadAsync() is { } frame && frame.Opcode != HandMadeSocket.Close)
        {
        }

        using var ready = await http.GetAsync(new Uri(gateway.Server, "/health/ready")).Within("readiness");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        using var negotiate = await http.PostAsync(
            new Uri(gateway.Server, "/hub/negotiate?negotiateVersion=1"), null).Within("the refusal");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, negotiate.StatusCode);
        await Assert.ThrowsAsync<IOException>(() => HandMadeSocket.OpenAsync(gateway.Server, "/ws"));
        deaf.Dispose();
        Assert.Equal(0, await gateway.WaitForExitAsync(TimeSpan.FromSeconds(10)));
    }

    /// <summary>Some wait in a poll when the signal comes, others are just between two polls.</summary>
    [Fact]
    public async Task LongPollingClientsAreToldToo()
    {
        await using var gateway = await GatewayProcess.StartAsync();
        using var http = new HttpClient();
        var clients = new List<Fallback>();
        for (var i = 0; i < 20; i++) clients.Add(await Fallback.BeginAsync(gateway.Server, gateway.Server, "?rooms="));
        foreach (var client in clients) await client.NextAsync(gateway.Server, 1); // the welcome

        var waiting = clients[..10].Select(client => HearsShutdownAsync(gateway, client)).ToList();
        var exit = gateway.StopAsync();
        await Deadline.Until(
            async () =>
                (await http.GetAsync(new Uri(gateway.Server, "/health/ready"))).StatusCode == System.Net.HttpStatusCode.ServiceUnavailable,
            "the shutdown has begun");
        waiting.AddRange(clients[10..].Select(client => HearsShutdownAsync(gateway, client)));

        Assert.All(await Task.WhenAll(waiting).Within("every client to hear of it"), Assert.True);
        Assert.Equal(0, await exit);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task ForwardedEventStreamDoesNotHoldUpTheEnd()
    {
        await using var redis = await RedisServer.StartAsync();
        string[] arguments = ["--redis:enabled=true", "--redis:connection=" + redis.Address];
        // known to the other one from the start
        await using var owner = await GatewayProcess.StartAsync([.. arguments, $"--server:port={Nginx.FreePort()}"]);
        await using var other = await GatewayProcess.StartAsync(arguments);
        using var http = new HttpClient();
        await Deadline.Until(
            async () => (await http.GetAsync(new Uri(owner.Server, "/health/ready"))).StatusCode == System.Net.HttpStatusCode.OK,
            "the owner is ready");
        var negotiated = await Negotiated.AskAsync(new Uri(owner.Server, "/hub"));
        using var request = new HttpRequestMessage(HttpMethod.Get, negotiated.With(new Uri(other.Server, "/hub")));
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var stream = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within("the event stream to begin");
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType?.MediaType);

        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Equal(0, await other.StopAsync());

        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 5); // of ten that it might take
    }

    [Theory]
    [InlineData(SigInt)]
    [InlineData(SigTerm)]
    public async Task SecondSignalEndsTheProcessAtOnce(int signal)
    {
        await using var gateway = await GatewayProcess.StartAsync("--server:shutdown_timeout=60s", "--raw:write_wait=60s");
        using var deaf = await HandMadeSocket.OpenAsync(gateway.Server, "/ws"); // never answers the close frame
        gateway.SendSignal(SigTerm);
        while (await deaf.ReadAsync() is { } frame && frame.Opcode != HandMadeSocket.Close)
        {
        }

        Assert.Equal(128 + signal, await gateway.StopAsync(signal, TimeSpan.FromSeconds(10)));
    }

    private static async Task<bool> HearsShutdownAsync(GatewayProcess gateway, Fallback client)
    {
        var isTold = false;
        while (true)
        {
            var record = await client.NextAsync(gateway.Server);
            if (!record.TryGetProperty("type", out var type)) continue;
            if (type.GetInt32() == 1 && record.GetProperty("target").GetString() == "system")
                isTold |= record.GetProperty("arguments")[0].GetProperty("event").GetString() == "shutdown";
            if (type.GetInt32() != 7) continue;
            await client.EndAsync(gateway.Server); // as stock clients do
            return isTold;
        }
    }
}
