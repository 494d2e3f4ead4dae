using System.Net;
using System.Net.WebSockets;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Limits;

/// <summary>How many may come: at a time, and of one user.</summary>
public sealed class ConnectionRateTests
{
    [Theory]
    [InlineData("/ws")]
    [InlineData("/hub")]
    public async Task TooManyNewConnectionsFromOneAddressGet429UntilAWhileLater(string path)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.RateLimit.ConnectionsPerIp.Connections, o.RateLimit.ConnectionsPerIp.Window) = (5, TimeSpan.FromSeconds(2)));
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.SwitchingProtocols, (await OpenAsync(gateway, path)).Status);

        var (status, retryAfter) = await OpenAsync(gateway, path);

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.InRange(retryAfter, 1, 2);
        await Deadline.Until(
            async () => (await OpenAsync(gateway, path)).Status == HttpStatusCode.SwitchingProtocols, "the next is let in");
    }

    [Fact]
    public async Task NegotiationsAreCountedForThemselves()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.RateLimit.ConnectionsPerIp.Connections, o.RateLimit.ConnectionsPerIp.Window) = (3, TimeSpan.FromMinutes(10)));
        using var http = new HttpClient();
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 4; i++)
        {
            using var answer = await http.PostAsync(
                new Uri(gateway.Server, "/hub/negotiate?negotiateVersion=1"), null).Within("the answer");
            statuses.Add(answer.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], statuses);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, (await OpenAsync(gateway, "/hub")).Status);
    }

    [Fact]
    public async Task DryRunLetsEverybodyIn()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.RateLimit.ConnectionsPerIp.Connections = 1;
            (o.RateLimit.Messages, o.RateLimit.DryRun) = (1, true);
        });
        await using var first = await RawClient.ConnectAsync(gateway.Server);
        await using var second = await SignalRClient.ConnectAsync(gateway.Server);

        foreach (var client in new IChatClient[] { first, second })
            for (var i = 0; i < 20; i++)
                await client.RequestAsync("ping", null);
    }

    [Theory]
    [InlineData(Kind.Raw, "/ws")]
    [InlineData(Kind.SignalR, "/hub")]
    public async Task UserHasSoManyConnectionsAtTheMost(Kind kind, string path)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Server.MaxConnectionsPerUser = 2, Moderation.UsersWithRoles.Add);
        await using var first = await Clients.ConnectAsync(kind, gateway.Server, "?user=ada");
        await using var second = await Clients.ConnectAsync(kind, gateway.Server, "?user=ada");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await OpenAsync(gateway, path + "?user=ada")).Status);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, (await OpenAsync(gateway, path + "?user=bob")).Status);
        first.Abort();
        await Deadline.Until(() => gateway.Get<ConnectionTable>().OfUser("ada").Length == 1, "the first is gone");
        Assert.Equal(HttpStatusCode.SwitchingProtocols, (await OpenAsync(gateway, path + "?user=ada")).Status);
    }

    [Fact]
    public async Task LongPollingOfTheOnlyConnectionGoesOn()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Server.MaxConnectionsPerUser = 1;
            (o.RateLimit.ConnectionsPerIp.Connections, o.RateLimit.ConnectionsPerIp.Window) = (1, TimeSpan.FromMinutes(10));
        }, Moderation.UsersWithRoles.Add);
        using var http = new HttpClient();
        using var negotiated = await http.PostAsync(
            new Uri(gateway.Server, "/hub/negotiate?negotiateVersion=1&user=ada"), null).Within("the negotiation");
        using var answer = System.Text.Json.JsonDocument.Parse(await negotiated.Content.ReadAsStringAsync());
        var hub = new Uri(gateway.Server, $"/hub?user=ada&rooms=&id={answer.RootElement.GetProperty("connectionToken").GetString()}");
        (await http.GetAsync(hub).Within("the first poll")).EnsureSuccessStatusCode();
        (await http.PostAsync(hub, new StringContent("{\"protocol\":\"json\",\"version\":1}\u001e")).Within("the handshake"))
            .EnsureSuccessStatusCode();

        var received = "";
        for (var i = 0; i < 5 && !received.Contains("pong", StringComparison.Ordinal); i++)
        {
            using var poll = await http.GetAsync(hub).Within("a poll");
            Assert.Equal(HttpStatusCode.OK, poll.StatusCode);
            received += await poll.Content.ReadAsStringAsync();
            if (!received.Contains("welcome", StringComparison.Ordinal)) continue;
            var call = new StringContent("{\"type\":1,\"invocationId\":\"pong\",\"target\":\"Ping\",\"arguments\":[]}\u001e");
            (await http.PostAsync(hub, call).Within("a call")).EnsureSuccessStatusCode();
        }
        Assert.Contains("pong", received);
    }

    private static async Task<(HttpStatusCode Status, int RetryAfter)> OpenAsync(EmbeddedGateway gateway, string path)
    {
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        await Record.ExceptionAsync(
            () => socket.ConnectAsync(new Uri($"ws://{gateway.Server.Authority}{path}"), default).Within("the answer"));
        return (
            socket.HttpStatusCode,
            socket.HttpResponseHeaders?.TryGetValue("Retry-After", out var values) == true ? int.Parse(values.First()) : 0);
    }
}
