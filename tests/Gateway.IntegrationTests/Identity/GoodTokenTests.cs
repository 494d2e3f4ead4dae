using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>
/// Tokens that are good, by every kind of key and from every place where one may stand, and what becomes of what they say.
/// </summary>
public sealed class GoodTokenTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    public static TheoryData<Kind, string> KindsAndKeys()
    {
        var all = new TheoryData<Kind, string>();
        foreach (var kind in Enum.GetValues<Kind>())
            foreach (var key in TokenFixture.AllKeys)
                all.Add(kind, key.Id);
        return all;
    }

    [Theory, MemberData(nameof(KindsAndKeys))]
    public async Task TokenOfEveryKindOfKeyIsTaken(Kind kind, string keyId)
    {
        var token = TokenFixture.AllKeys.Single(key => key.Id == keyId).Token();

        await using var client = await Clients.ConnectAsync(kind, fixture.Server, "?access_token=" + token);

        Assert.Equal(("ada", "Ada Lovelace"), (client.UserId, client.Welcome.GetProperty("username").GetString()));
        Assert.False(client.Welcome.TryGetProperty("guest_key", out _));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task ClaimsBecomeTheConnectionsUser(Kind kind)
    {
        var token = fixture.Key.Token(
            new()
            {
                ["sub"] = "u-" + kind,
                ["preferred_username"] = null,
                ["name"] = "Bob",
                ["azp"] = null,
                ["client_id"] = "app",
                ["sid"] = "session-7",
                ["roles"] = new[] { "clerk", "moderator" }
            });

        await using var client = await Clients.ConnectAsync(
            kind, fixture.Server, "?token=" + token + "&username=Mallory&guest_key=0123456789abcdef");

        var user = fixture.Gateway.Get<ConnectionTable>().Find(client.ConnectionId)!.User;
        Assert.Equal(("u-" + kind, "Bob", "app", "session-7"), (user.Id, user.Name, user.ClientId, user.SessionId));
        Assert.Equal(["clerk", "moderator"], user.Roles.Order());
    }

    [Theory]
    [InlineData("""{"realm_access":{"roles":["clerk"]}}""", "realm_access.roles")]
    [InlineData("""{"https://example.com/roles":["clerk"]}""", "https://example.com/roles")]
    [InlineData("""{"scope":"other clerk"}""", "scope")]
    public async Task RolesAreFoundWhereTheyAreSaidToBe(string claims, string path)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => { fixture.Authority.Trust(o); o.Auth.RolesClaim = path; });
        var extra = System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, object?>>(claims);

        await using var client = await RawClient.ConnectAsync(gateway.Server, "?token=" + fixture.Key.Token(extra));

        Assert.Contains("clerk", gateway.Get<ConnectionTable>().Find(((IChatClient)client).ConnectionId)!.User.Roles);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task TokenMayStandInEachOfItsPlaces(Kind kind)
    {
        var token = fixture.Key.Token();
        string[] queries = ["?token=" + token, "?access_token=" + token, "?rooms=&access_token=" + token + "&token=" + token];

        foreach (var query in queries) Assert.Equal(TokenFixture.LetIn(kind), (await fixture.AskAsync(kind, query)).Status);
        Assert.Equal(
            TokenFixture.LetIn(kind),
            (await fixture.AskAsync(kind, "", h => h.TryAddWithoutValidation("Authorization", "Bearer " + token))).Status);
        Assert.Equal(
            TokenFixture.LetIn(kind),
            (await fixture.AskAsync(kind, "", h => h.TryAddWithoutValidation("Authorization", "bearer " + token))).Status);
        var answer = await fixture.AskAsync(
            kind, "", h => h.TryAddWithoutValidation("Sec-WebSocket-Protocol", "gateway, bearer." + token));
        Assert.Equal(TokenFixture.LetIn(kind), answer.Status);
    }

    [Fact]
    public async Task SubProtocolCarriesTheTokenAndTheAnswerNamesTheOtherOne()
    {
        var token = fixture.Key.Token();

        await using var raw = await RawClient.ConnectAsync(fixture.Server, configure: Offer);
        await using var signalR = await SignalRClient.ConnectAsync(fixture.Server, configure: Offer);

        Assert.Equal(("ada", "ada"), (((IChatClient)raw).UserId, ((IChatClient)signalR).UserId));

        // The stock WebSocket fails unless the answer names one that was offered, and so does a browser's.
        void Offer(System.Net.WebSockets.ClientWebSocketOptions options)
        {
            options.AddSubProtocol("gateway");
            options.AddSubProtocol("bearer." + token);
        }
    }

    [Fact]
    public async Task SubProtocolIsNamedWithoutTokensToo()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        socket.Options.AddSubProtocol("gateway");

        await socket.ConnectAsync(new Uri($"ws://{gateway.Server.Authority}/ws"), default).Within("the WebSocket to open");

        Assert.Equal("gateway", socket.SubProtocol);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task TwoTokensThatDifferAreRefused(Kind kind)
    {
        var (status, text) = await fixture.AskAsync(
            kind, "?token=" + fixture.Key.Token() + "&access_token=" + fixture.Key.Token(new() { ["sub"] = "eve" }));

        Assert.Equal((System.Net.HttpStatusCode.BadRequest, "the request has two tokens that differ"), (status, text));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task SecretOfOnesOwnNeedsNoAuthority(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.Auth.Mode, o.Auth.SigningKey) = (AuthMode.Jwt, [System.Text.Encoding.UTF8.GetString(TestKey.Secret)]));

        await using var client = await Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + TestKey.Symmetric().Token());

        Assert.Equal("ada", client.UserId);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task TwoSecretsHoldAtATime(Kind kind)
    {
        byte[][] secrets = [TestKey.Secret, [.. TestKey.Secret.Reverse()]];
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.Auth.Mode, o.Auth.SigningKey) = (AuthMode.Jwt, [.. secrets.Select(System.Text.Encoding.UTF8.GetString)]));

        foreach (var secret in secrets)
            await (await Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + TestKey.Symmetric(secret).Token())).DisposeAsync();
        var other = TestKey.Symmetric("another HS256 secret of more than thirty-two bytes"u8.ToArray()).Token();
        Assert.Equal(
            System.Net.HttpStatusCode.Unauthorized, (await fixture.AskAsync(gateway.Server, kind, "?access_token=" + other)).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("jwt")]
    [InlineData("at+jwt")]
    [InlineData("AT+JWT")]
    [InlineData("application/at+jwt")]
    [InlineData("application/JWT")]
    public async Task TypesOfAccessTokensAreTaken(string? type)
    {
        var token = fixture.Key.Token(header: new() { ["typ"] = type });

        foreach (var kind in Enum.GetValues<Kind>())
            Assert.Equal(TokenFixture.LetIn(kind), (await fixture.AskAsync(kind, "?access_token=" + token)).Status);
    }

    [Theory]
    [InlineData("iat", 20)] // the issuer's clock is ahead
    [InlineData("iat", -86_400 * 29)]
    [InlineData("nonce", 1)] // access tokens of some issuers have one
    [InlineData("typ", "Bearer")]
    public async Task ClaimsThatAreFineAreTaken(string name, object value)
    {
        object claim = name == "iat" ? DateTimeOffset.UtcNow.ToUnixTimeSeconds() + (int)value : value;

        Assert.Equal(
            TokenFixture.LetIn(Kind.Raw),
            (await fixture.AskAsync(Kind.Raw, "?token=" + fixture.Key.Token(new() { [name] = claim }))).Status);
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task PublicKeyOfAFileNeedsNoAuthority(string algorithm)
    {
        var file = Path.GetTempFileName();
        var key = algorithm[0] == 'R' ? TestKey.Rsa("x", algorithm) : TestKey.Ec("x", algorithm);
        await File.WriteAllTextAsync(file, key.Pem);
        try
        {
            await using var gateway = await EmbeddedGateway.StartAsync(
                o => (o.Auth.Mode, o.Auth.PublicKeyFile, o.Auth.Issuer) = (AuthMode.Jwt, file, LocalAuthority.Issuer));
            await using var client = await RawClient.ConnectAsync(gateway.Server, "?token=" + key.Token());

            Assert.Equal("ada", ((IChatClient)client).UserId);
            var foreign = key.Token(new() { ["iss"] = "https://else.example" });
            var refused = await fixture.AskAsync(gateway.Server, Kind.Raw, "?token=" + foreign);
            Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.Status);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
