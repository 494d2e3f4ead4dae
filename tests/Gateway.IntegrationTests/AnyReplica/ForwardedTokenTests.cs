using System.Net;
using System.Net.WebSockets;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests.AnyReplica;

/// <summary>
/// A user's token counts the same at whichever replica the request arrives: its term, its roles, the next one in its place.
/// </summary>
public sealed class ForwardedTokenTests(TwoTokenReplicas replicas) : IClassFixture<TwoTokenReplicas>
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private Uri A => replicas.A.Server;
    private Uri B => replicas.B.Server;

    [Theory]
    [InlineData(FallbackTransport.ServerSentEvents)]
    [InlineData(FallbackTransport.LongPolling)]
    public async Task ForwardedConnectionEndsWithItsToken(FallbackTransport transport)
    {
        var end = DateTimeOffset.UtcNow + Short;
        await using var client = await ForwardedConnection.BeginAsync(A, B, transport, TwoTokenReplicas.Token("ends", Short, "clerk"));
        Assert.False((await client.InvokeAsync("Join", new { room = "orders" })).TryGetProperty("error", out _));
        client.Token = TwoTokenReplicas.Token("ends", Long); // each request has a good one, without the role

        var rest = await client.ReadToEndAsync();

        Assert.True(DateTimeOffset.UtcNow >= end.AddSeconds(-1));
        Assert.Contains(rest, record => record.ToString().Contains("token_expiring", StringComparison.Ordinal));
        Assert.Contains(rest, record => record.ToString().Contains("token expired", StringComparison.Ordinal));
        var order = """{"type":1,"target":"Chat","arguments":[{"content":"late","room":"orders"}]}""";
        await Deadline.Until(async () => await client.SendAsync(order) == HttpStatusCode.NotFound, "the connection is gone");
    }

    [Theory]
    [InlineData(FallbackTransport.ServerSentEvents)]
    [InlineData(FallbackTransport.LongPolling)]
    public async Task RequestWithATokenThatIsOverIsRefusedAtBothReplicas(FallbackTransport transport)
    {
        await using var client = await ForwardedConnection.BeginAsync(A, B, transport, TwoTokenReplicas.Token("late", Long));

        client.Token = TwoTokenReplicas.Token("late", -Long, "clerk");

        Assert.Equal(HttpStatusCode.Unauthorized, await client.SendAsync("""{"type":6}"""));
        client.Token = null;
        Assert.Equal(HttpStatusCode.Unauthorized, await client.SendAsync("""{"type":6}"""));
        client.Token = TwoTokenReplicas.Token("other", Long);
        Assert.Equal(HttpStatusCode.Forbidden, await client.SendAsync("""{"type":6}"""));
    }

    [Theory]
    [InlineData(FallbackTransport.ServerSentEvents)]
    [InlineData(FallbackTransport.LongPolling)]
    public async Task TokenIsRenewedThroughAnotherReplica(FallbackTransport transport)
    {
        var first = TwoTokenReplicas.Token("stays", Short);
        await using var witness = await ForwardedConnection.BeginAsync(A, B, transport, first);
        await using var client = await ForwardedConnection.BeginAsync(A, B, transport, first);

        client.Token = TwoTokenReplicas.Token("stays", Long, "clerk");
        var renewed = await client.InvokeAsync("Refresh", new { token = client.Token });

        Assert.True(renewed.GetProperty("result").TryGetProperty("expires_at", out _), renewed.ToString());
        witness.Token = client.Token;
        await witness.ReadToEndAsync(); // the first token is over
        Assert.False((await client.InvokeAsync("Join", new { room = "orders" })).TryGetProperty("error", out _));
    }

    /// <summary>More than a request's headers may hold.</summary>
    [Theory]
    [InlineData(FallbackTransport.ServerSentEvents)]
    [InlineData(FallbackTransport.LongPolling)]
    public async Task UserWithManyRolesIsTheSameAtAnotherReplica(FallbackTransport transport)
    {
        string[] roles = ["clerk", .. Enumerable.Range(0, 150).Select(i => $"{i}-" + new string('r', 64))];
        await using var client = await ForwardedConnection.BeginAsync(A, B, transport, TwoTokenReplicas.Token("many", Long, roles));

        Assert.False((await client.InvokeAsync("Join", new { room = "orders" })).TryGetProperty("error", out _));
        Assert.All(replicas.A.Get<ConnectionTable>().OfUser("many"), connection => Assert.Equal(151, connection.User.Roles.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TokenOfAnotherUsersConnectionBeginsNoWebSocket(bool elsewhere)
    {
        var (ada, eve) = (TwoTokenReplicas.Token("ada", Long), TwoTokenReplicas.Token("eve", Long));
        var negotiated = await Negotiated.AskAsync(new Uri(A, "/hub?access_token=" + ada));
        var hub = new Uri(elsewhere ? B : A, "/hub");

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(negotiated, hub, eve));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, await StatusAsync(negotiated, hub, ada));
    }

    private static async Task<HttpStatusCode> StatusAsync(Negotiated negotiated, Uri hub, string token)
    {
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        var address = new UriBuilder(negotiated.With(hub)) { Scheme = "ws" }.Uri;
        await Task.WhenAny(socket.ConnectAsync(address, default).Within("the WebSocket to open or not"));
        return socket.HttpStatusCode;
    }
}
