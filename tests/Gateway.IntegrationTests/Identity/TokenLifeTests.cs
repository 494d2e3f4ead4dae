using System.Globalization;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>A connection lives as long as its token, or the next one.</summary>
public sealed class TokenLifeTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task ConnectionIsWarnedAndThenClosedWithItsToken(Kind kind)
    {
        var end = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3;
        await using var client = await Clients.ConnectAsync(kind, fixture.Server, "?access_token=" + Token("ends", end));

        var warning = await client.NextAsync("system");
        Assert.Equal(
            ("token_expiring", end),
            (warning.Text("event"), DateTimeOffset.Parse(warning.Text("expires_at")!, CultureInfo.InvariantCulture).ToUnixTimeSeconds()));
        Assert.Equal((1008, "token expired"), await client.Closed.Within("the end of the token"));
        Assert.True(DateTimeOffset.UtcNow.ToUnixTimeSeconds() >= end);
        Assert.Single(client.All, message => message.Type == "system");
    }

    [Fact]
    public async Task StockClientHearsWhyItIsClosed()
    {
        await using var client = await SignalRClient.ConnectAsync(
            fixture.Server, "?access_token=" + Token("told", DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 2));
        var closed = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.Hub.Closed += fault => { closed.TrySetResult(fault); return Task.CompletedTask; };

        Assert.Contains("token expired", (await closed.Task.Within("the close"))?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task NewTokenOfTheSameUserTakesThePlaceOfTheOldOne(Kind kind)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await using var witness = await Clients.ConnectAsync(kind, fixture.Server, "?access_token=" + Token("stays", now + 4));
        await using var client = await Clients.ConnectAsync(kind, fixture.Server, "?access_token=" + Token("stays", now + 4));

        var answer = await client.RequestAsync("refresh", new { token = Token("stays", now + 3600, "clerk") });

        Assert.Equal(
            now + 3600,
            DateTimeOffset.Parse(answer.GetProperty("expires_at").GetString()!, CultureInfo.InvariantCulture).ToUnixTimeSeconds());
        Assert.Contains("clerk", fixture.Gateway.Get<ConnectionTable>().Find(client.ConnectionId)!.User.Roles);
        await witness.Closed.Within("the end of the other one's token");
        await client.ChatAsync("still here");
        Assert.False(client.Closed.IsCompleted);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task OtherTokensRenewNothing(Kind kind)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await using var client = await Clients.ConnectAsync(kind, fixture.Server, "?access_token=" + Token("same", now + 3600));

        await RefusedAsync(403, "the token is another user's", Token("other", now + 7200));
        await RefusedAsync(401, "Invalid token", Token("same", now - 3600));
        await RefusedAsync(401, "Invalid token", Token("same", now + 3600)[..^10]);
        var missing = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("refresh", new { }));
        Assert.Equal((400, "token is missing"), (missing.Code, missing.Text));
        await client.ChatAsync("still here");

        async Task RefusedAsync(int code, string text, string token)
        {
            var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("refresh", new { token }));
            Assert.Equal((code, text), (error.Code, error.Text));
        }
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task WithoutTokensThereIsNothingToRenew(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        await using var client = await Clients.ConnectAsync(kind, gateway.Server);

        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("refresh", new { token = "x" }));

        Assert.Equal((400, "this connection has no token to renew"), (error.Code, error.Text));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RolesThatANewTokenDoesNotHaveCloseTheirRooms(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            fixture.Authority.Trust(o);
            o.Rooms.Permissions = [new() { Match = "orders.*", Join = ["clerk"] }];
        });
        var end = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3600;
        await using var client = await Clients.ConnectAsync(
            kind, gateway.Server, "?rooms=orders.eu,lobby&access_token=" + Token("demoted", end, "clerk"));

        var answer = await client.RequestAsync("refresh", new { token = Token("demoted", end) });

        Assert.Equal(["orders.eu"], answer.GetProperty("left").EnumerateArray().Select(room => room.GetString()));
        Assert.Equal(403, (await Assert.ThrowsAsync<GatewayError>(() => client.ChatAsync("hello", "orders.eu"))).Code);
        await client.ChatAsync("hello", "lobby");
    }

    private string Token(string sub, long end, params string[] roles) =>
        fixture.Key.Token(new() { ["sub"] = sub, ["exp"] = end, ["roles"] = roles });
}
