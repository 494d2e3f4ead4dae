using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>A client that says nothing at all is given up from the start, and not only once it has begun to ping.</summary>
public sealed class SilenceTests
{
    [Fact]
    public async Task HubClientThatNeverPingsIsGivenUp()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.SignalR.ClientTimeout = TimeSpan.FromMilliseconds(300));
        using var socket = await HandMadeSocket.OpenAsync(gateway.Server, "/hub?rooms=");
        await socket.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");

        var frames = await socket.ReadAllAsync().Within("the end");

        Assert.Equal((1001, "client timeout"), frames[^1].CloseStatus);
        Assert.Contains("\"allowReconnect\":true", frames[^2].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HubClientThatPingsStays()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.SignalR.ClientTimeout = TimeSpan.FromMilliseconds(400));
        await using var silent = await RawClient.ConnectAsync(gateway.Server, "?rooms=");
        using var socket = await HandMadeSocket.OpenAsync(gateway.Server, "/hub?rooms=");
        await socket.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        using var often = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var i = 0; i < 30 && await often.WaitForNextTickAsync(); i++) await socket.SendTextAsync("{\"type\":6}\u001e");

        await socket.SendTextAsync("{\"type\":1,\"invocationId\":\"7\",\"target\":\"Ping\",\"arguments\":[]}\u001e");
        HandMadeFrame? frame;
        do frame = await socket.ReadAsync();
        while (frame?.Text.Contains("\"invocationId\":\"7\"", StringComparison.Ordinal) == false);
        Assert.NotNull(frame);
    }

    [Fact]
    public async Task RawClientThatDoesNotAnswerPingsIsGivenUp()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.Raw.PingPeriod, o.Raw.PongWait) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(300)));
        using var socket = await HandMadeSocket.OpenAsync(gateway.Server, "/ws?rooms=");

        var frames = await socket.ReadAllAsync().Within("the end");

        Assert.Contains(frames, frame => frame.Opcode == HandMadeSocket.Ping);
        Assert.Equal((1001, "no pong"), frames[^1].CloseStatus);
    }

    [Fact]
    public async Task SilentStreamOfEventsIsGivenUp()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.SignalR.ClientTimeout = TimeSpan.FromMilliseconds(500));
        using var http = new HttpClient();
        using var negotiated = await http.PostAsync(
            new Uri(gateway.Server, "/hub/negotiate?negotiateVersion=1"), null).Within("the negotiation");
        using var json = System.Text.Json.JsonDocument.Parse(await negotiated.Content.ReadAsStringAsync());
        var address = new Uri(gateway.Server, "/hub?rooms=&id=" + json.RootElement.GetProperty("connectionToken").GetString());
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept", "text/event-stream" } } };
        using var events = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within("the stream");
        using var handshake = await http.PostAsync(
            address, new StringContent("{\"protocol\":\"json\",\"version\":1}\u001e")).Within("the handshake");

        using var reader = new StreamReader(await events.Content.ReadAsStreamAsync());
        string? line;
        do line = await reader.ReadLineAsync().Within("the end");
        while (line?.Contains("\"type\":7", StringComparison.Ordinal) == false);
        Assert.Contains("\"allowReconnect\":true", line, StringComparison.Ordinal);
    }
}
