using Gateway.AspNetCore.Options;
using Gateway.IntegrationTests.Admin;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>
/// What is imposed on a user holds for its tokens: a revocation for those from before it, a ban for all, however they come.
/// </summary>
public sealed class RestrictionTests : IAsyncLifetime
{
    private static readonly TestKey Key = TestKey.Symmetric();

    private EmbeddedGateway _gateway = null!;
    private AdminClient _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await EmbeddedGateway.StartAsync(options =>
        {
            options.Auth.Mode = AuthMode.Jwt;
            options.Auth.SigningKey = [System.Text.Encoding.UTF8.GetString(TestKey.Secret)];
            options.Admin.ApiKey = [AdminClient.Key];
        });
        _admin = new AdminClient(_gateway.Server);
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _gateway.DisposeAsync();
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RevocationEndsWhatWasIssuedBeforeIt(Kind kind)
    {
        var old = Token(issuedIn: -60);
        await using var client = await Clients.ConnectAsync(kind, _gateway.Server, "?access_token=" + old);

        (await _admin.PostAsync("users/ada/revoke")).Ok();

        Assert.Equal((1008, "revoked"), await client.Closed.Within("the close"));
        Assert.Equal(401, await StatusAsync(old));
        Assert.Equal(401, await StatusAsync(Token(issuedIn: null)));
        await using var again = await Clients.ConnectAsync(kind, _gateway.Server, "?access_token=" + Token(issuedIn: 10));
        var refused = await Assert.ThrowsAsync<GatewayError>(() => again.RequestAsync("refresh", new { token = old }));
        Assert.Equal(401, refused.Code);
    }

    [Fact]
    public async Task BannedUserIsRefusedByItsFirstMessageToo()
    {
        (await _admin.PostAsync("users/ada/ban", new { duration = "1h" })).Ok();

        Assert.Equal(403, await StatusAsync(Token(issuedIn: 10)));
        await using var client = await RawClient.OpenAsync(_gateway.Server, "?auth=message");
        await client.SendAsync("auth", new { token = Token(issuedIn: 10) });
        Assert.Equal((1008, "banned"), await client.Closed.Within("the close"));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoleOfTheTokenMakesAModerator(Kind kind)
    {
        await using var ada = await Clients.ConnectAsync(kind, _gateway.Server, "?access_token=" + Token(issuedIn: 0));
        await using var moderator = await Clients.ConnectAsync(
            kind, _gateway.Server, "?access_token=" + Key.Token(new() { ["sub"] = "eve", ["roles"] = new[] { "moderator" } }));

        var refused = await Assert.ThrowsAsync<GatewayError>(() => ada.RequestAsync("mute", new { user_id = "eve", duration = "1m" }));
        Assert.Equal(403, refused.Code);
        await moderator.RequestAsync("mute", new { user_id = "ada", room = "lobby", duration = "1m" });
        var muted = await Assert.ThrowsAsync<GatewayError>(() => ada.ChatAsync("hello"));
        Assert.Equal(403, muted.Code);
    }

    private static string Token(int? issuedIn) =>
        Key.Token(new() { ["iat"] = issuedIn is { } seconds ? DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds : null });

    private async Task<int> StatusAsync(string token)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(_gateway.Server, "/ws?access_token=" + token)).Within("the answer");
        return (int)answer.StatusCode;
    }
}
