using System.Net;
using System.Net.WebSockets;
using Gateway.IntegrationTests.Identity;
using Gateway.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>Who a raw client is for the hub, and who may connect and call.</summary>
public sealed class RawHubIdentityTests
{
    [Fact]
    public async Task UserOfTheApplicationIsTheHubsUser()
    {
        await using var app = await HubApplication.StartAsync();
        await using var client = await app.ConnectAsync(user: "ada");
        Assert.Equal("ada", client.Welcome.GetProperty("user").GetString());
        Assert.Equal("ada True", (await client.RequestAsync("WhoAmI", null)).GetString());
        Assert.Equal("the secret", (await client.RequestAsync("Secret", null)).GetString());
    }

    [Fact]
    public async Task GuestHasAnIdAndIsNotAuthenticated()
    {
        await using var app = await HubApplication.StartAsync();
        await using var client = await app.ConnectAsync("?guest_key=k7Qe0C2mT1x9aBcDeFgHiJ");
        await using var again = await app.ConnectAsync("?guest_key=k7Qe0C2mT1x9aBcDeFgHiJ");
        Assert.StartsWith("guest-", client.Welcome.GetProperty("user").GetString(), StringComparison.Ordinal);
        Assert.Equal(client.Welcome.GetProperty("user").GetString(), again.Welcome.GetProperty("user").GetString());
        Assert.EndsWith(" False", (await client.RequestAsync("WhoAmI", null)).GetString(), StringComparison.Ordinal);
        Assert.Equal(403, (await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("Secret", null))).Code);
    }

    /// <summary>
    /// The parameter <c>rooms</c> of the gateway's own endpoints means nothing here: the application may have one of that name.
    /// </summary>
    [Fact]
    public async Task QueryIsTheApplications()
    {
        await using var app = await HubApplication.StartAsync();
        await using var client = await app.ConnectAsync("?rooms=no room name,*&color=red");
        Assert.Equal("?rooms=no%20room%20name,*&color=red", (await client.RequestAsync("Query", null)).GetString());
    }

    [Fact]
    public async Task RequireAuthorizationHoldsForTheEndpoint()
    {
        await using var app = await HubApplication.StartAsync(conventions: raw => raw.RequireAuthorization());
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalOfAsync(app.Server));
        await using var client = await app.ConnectAsync(user: "ada");
    }

    [Fact]
    public async Task AuthorizeOnTheHubHoldsForTheEndpoint()
    {
        await using var app = await HubApplication.StartAsync(map: app => app.MapRawHub<ClosedHub>("/closed"));
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalOfAsync(app.Server, "/closed"));
    }

    [Fact]
    public async Task OriginOfAStrangersPageIsRefused()
    {
        await using var app = await HubApplication.StartAsync();
        Assert.Equal(HttpStatusCode.Forbidden, await RefusalOfAsync(app.Server, origin: "https://elsewhere.example"));
    }

    [Fact]
    public async Task GatewaysTokenIsAskedForAndItsUserIsTheHubs()
    {
        await using var authority = await LocalAuthority.StartAsync(Key);
        await using var app = await HubApplication.StartAsync(authority.Trust);
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalOfAsync(app.Server));
        await using var client = await app.ConnectAsync("?token=" + Key.Token(new() { ["sub"] = "bob" }));
        Assert.Equal("bob True", (await client.RequestAsync("WhoAmI", null)).GetString());
        Assert.Equal("the secret", (await client.RequestAsync("Secret", null)).GetString());
    }

    [Fact]
    public async Task CallBeforeTheTokenIsANamedErrorAndTheConnectionGoesOn()
    {
        await using var authority = await LocalAuthority.StartAsync(Key);
        await using var app = await HubApplication.StartAsync(authority.Trust);
        using var client = await HandMadeSocket.OpenAsync(app.Server, "/ws?auth=message");
        const string unauthorized = "\"payload\":{\"code\":401,\"message\":\"Unauthorized\"}}";
        Assert.Equal("""{"type":"error","id":1,""" + unauthorized, await client.AskAsync("""{"type":"Add","payload":[2,3],"id":1}"""));
        Assert.Equal("""{"type":"error",""" + unauthorized, await client.AskAsync("hello"));
        Assert.StartsWith(
            """{"type":"welcome","payload":{""",
            await client.AskAsync($$$"""{"type":"auth","payload":{"token":"{{{Key.Token(new() { ["sub"] = "bob" })}}}"}}"""));
        Assert.Equal("""{"type":"ack","id":2,"payload":"bob True"}""", await client.AskAsync("""{"type":"WhoAmI","id":2}"""));
    }

    [Fact]
    public async Task WrongTokenInTheFirstMessageCloses()
    {
        await using var authority = await LocalAuthority.StartAsync(Key);
        await using var app = await HubApplication.StartAsync(authority.Trust);
        using var client = await HandMadeSocket.OpenAsync(app.Server, "/ws?auth=message");
        Assert.Equal(
            "closed with 1008 Invalid token",
            await client.AskAsync("""{"type":"auth","payload":{"token":"eyJhbGciOiJub25lIn0.e30."}}"""));
    }

    [Fact]
    public async Task ConnectionEndsWithItsToken()
    {
        await using var authority = await LocalAuthority.StartAsync(Key);
        await using var app = await HubApplication.StartAsync(options =>
        {
            authority.Trust(options);
            options.Auth.ClockSkew = TimeSpan.Zero;
        });
        var expiry = DateTimeOffset.UtcNow.AddSeconds(3).ToUnixTimeSeconds();
        await using var client = await app.ConnectAsync("?token=" + Key.Token(new() { ["exp"] = expiry }));
        Assert.Equal((1008, "token expired"), await client.Closed.Within("the end of the token"));
        // The hub's own, and no warning, which its clients would not know.
        Assert.Equal(["welcome"], client.All.Select(message => message.Type));
    }

    private static TestKey Key => TokenFixture.AllKeys[0];

    private static async Task<HttpStatusCode> RefusalOfAsync(Uri server, string path = "/ws", string? origin = null)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (origin != null) socket.Options.SetRequestHeader("Origin", origin);
        await Assert.ThrowsAsync<WebSocketException>(
            () => socket.ConnectAsync(new Uri($"ws://{server.Authority}{path}"), default).Within("the refusal"));
        return socket.HttpStatusCode;
    }

    [Authorize]
    private sealed class ClosedHub : Microsoft.AspNetCore.SignalR.Hub;
}
