using System.Net;
using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>Tokens that let nobody in, at either endpoint; whatever is wrong, the client is told the same.</summary>
public sealed class BadTokenTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    private static readonly TestKey Rsa = TokenFixture.AllKeys[0];
    private static readonly TestKey Ec = TokenFixture.AllKeys[1];
    private static readonly long Now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private static readonly Dictionary<string, Func<string>> Bad = new()
    {
        ["expired"] = () => Rsa.Token(new() { ["exp"] = Now - 60 }),
        ["without an end"] = () => Rsa.Token(new() { ["exp"] = null }),
        ["end is no number"] = () => Rsa.Token(new() { ["exp"] = "tomorrow" }),
        ["not valid yet"] = () => Rsa.Token(new() { ["nbf"] = Now + 120 }),
        ["wrong audience"] = () => Rsa.Token(new() { ["aud"] = "another application" }),
        ["no audience"] = () => Rsa.Token(new() { ["aud"] = null }),
        ["audience in other letters"] = () => Rsa.Token(new() { ["aud"] = "Gateway" }),
        ["wrong issuer"] = () => Rsa.Token(new() { ["iss"] = "https://evil.example" }),
        ["no issuer"] = () => Rsa.Token(new() { ["iss"] = null }),
        ["nobody"] = () => Rsa.Token(new() { ["sub"] = null }),
        ["empty sub"] = () => Rsa.Token(new() { ["sub"] = "" }),
        ["alg none"] = () => WithoutSignature("none"),
        ["alg None"] = () => WithoutSignature("None"),
        ["alg none with the signature of another"] = () => Rsa.Token(header: new() { ["alg"] = "none" }),
        ["alg missing"] = () => Rsa.Token(header: new() { ["alg"] = null }),
        ["HS256 with the public key as the secret"] = () => Forged(Rsa, Encoding.ASCII.GetBytes(Rsa.Pem)),
        ["HS256 with the public key's bytes as the secret"] = () =>
            Forged(Rsa, Convert.FromBase64String(string.Concat(Rsa.Pem.Split('\n').Where(line => !line.StartsWith('-'))))),
        ["HS256 with the EC key as the secret"] = () => Forged(Ec, Encoding.ASCII.GetBytes(Ec.Pem)),
        ["another key under a known id"] = () => TestKey.Rsa(Rsa.Id).Token(),
        ["unknown key id"] = () => TestKey.Rsa("unheard-of").Token(),
        ["an EC key's id with an RSA algorithm"] = () => Rsa.Token(header: new() { ["kid"] = Ec.Id }),
        ["an algorithm that the key is not for"] = () => Ec.Token(header: new() { ["alg"] = "ES384" }),
        ["truncated"] = () => Rsa.Token()[..^20],
        ["cut after the claims"] = () => Rsa.Token()[..Rsa.Token().LastIndexOf('.')],
        ["no signature"] = () => Rsa.Token()[..(Rsa.Token().LastIndexOf('.') + 1)],
        ["claims exchanged"] = Exchanged,
        ["a critical extension"] = () => Rsa.Token(header: new() { ["crit"] = new[] { "exp" } }),
        ["padded"] = () => Rsa.Token() + "=",
        ["five parts"] = () => Rsa.Token() + ".a.b",
        ["a logout token"] = () => Rsa.Token(header: new() { ["typ"] = "logout+jwt" }),
        ["a logout token by its media type"] = () => Rsa.Token(header: new() { ["typ"] = "application/logout+jwt" }),
        ["a logout token by its claim"] = () => Rsa.Token(
            new() { ["events"] = new Dictionary<string, object> { ["http://schemas.openid.net/event/backchannel-logout"] = new() } }),
        ["a proof of possession"] = () => Rsa.Token(header: new() { ["typ"] = "dpop+jwt" }),
        ["a typ of another kind"] = () => Rsa.Token(header: new() { ["typ"] = new[] { "JWT" } }),
        ["a refresh token of Keycloak"] = () => Rsa.Token(new() { ["typ"] = "Refresh" }),
        ["an offline token of Keycloak"] = () => Rsa.Token(new() { ["typ"] = "Offline" }),
        ["an ID token of Keycloak"] = () => Rsa.Token(new() { ["typ"] = "ID" }),
        ["an ID token by its at_hash"] = () => Rsa.Token(new() { ["at_hash"] = "77QmUPtjPfzWtF2AnpK9RQ" }),
        ["an ID token by its c_hash"] = () => Rsa.Token(new() { ["c_hash"] = "77QmUPtjPfzWtF2AnpK9RQ" }),
        ["issued in the future"] = () => Rsa.Token(new() { ["iat"] = Now + 3000 }),
        ["issued at no time"] = () => Rsa.Token(new() { ["iat"] = "tomorrow" }),
        ["without an end in this age"] = () => Rsa.Token(new() { ["iat"] = Now, ["exp"] = 253_370_764_800 }),
        ["without an end in this age, nor a beginning"] = () => Rsa.Token(new() { ["exp"] = 253_370_764_800 }),
        ["longer than a revocation is remembered"] = () => Rsa.Token(new() { ["iat"] = Now - 86_400 * 20, ["exp"] = Now + 86_400 * 11 }),
        ["two subjects"] = () => Resigned("\"sub\":\"ada\"", "\"sub\":\"eve\",\"sub\":\"ada\""),
        ["a number for a subject"] = () => Rsa.Token(new() { ["sub"] = 7 }),
        ["the issuer with a slash"] = () => Rsa.Token(new() { ["iss"] = LocalAuthority.Issuer + "/" }),
        ["the audience with a slash"] = () => Rsa.Token(new() { ["aud"] = "gateway/" }),
        ["claims that are no object"] = () => Signed("[1]"),
        ["claims that are no JSON"] = () => Signed("nothing"),
        ["no JSON"] = () => "YWJj.YWJj.YWJj",
        ["no base64"] = () => "!.!.!",
        ["not a token"] = () => "secret",
        ["far too long"] = () => Rsa.Token(new() { ["x"] = new string('x', 20_000) })[..20_000],
    };

    public static TheoryData<Kind, string> All()
    {
        var all = new TheoryData<Kind, string>();
        foreach (var kind in Enum.GetValues<Kind>())
            foreach (var name in Bad.Keys)
                all.Add(kind, name);
        return all;
    }

    [Theory, MemberData(nameof(All))]
    public async Task BadTokenIsRefused(Kind kind, string which)
    {
        var (status, text) = await fixture.AskAsync(
            kind, "", headers => headers.TryAddWithoutValidation("Authorization", "Bearer " + Bad[which]()));

        Assert.Equal((HttpStatusCode.Unauthorized, "Invalid token"), (status, text));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task WithoutATokenNobodyComesIn(Kind kind) =>
        Assert.Equal((HttpStatusCode.Unauthorized, "Unauthorized"), await fixture.AskAsync(kind, "?username=Ann&token="));

    [Theory]
    [InlineData(Kind.Raw, "Cookie", "access_token={0}; token={0}")]
    [InlineData(Kind.SignalR, "Cookie", "access_token={0}; token={0}")]
    [InlineData(Kind.Raw, "Authorization", "Basic {0}")]
    [InlineData(Kind.SignalR, "Authorization", "Basic {0}")]
    [InlineData(Kind.Raw, "Authorization", "{0}")]
    [InlineData(Kind.SignalR, "X-Authorization", "Bearer {0}")]
    [InlineData(Kind.Raw, "Sec-WebSocket-Protocol", "gateway, {0}")]
    [InlineData(Kind.SignalR, "Sec-WebSocket-Protocol", "{0}")]
    public async Task TokenInTheWrongPlaceIsNone(Kind kind, string header, string value) => Assert.Equal(
        (HttpStatusCode.Unauthorized, "Unauthorized"),
        await fixture.AskAsync(kind, "", headers => headers.TryAddWithoutValidation(
            header, string.Format(System.Globalization.CultureInfo.InvariantCulture, value, Rsa.Token()))));

    [Fact]
    public async Task UpgradesAreRefusedAsWell()
    {
        foreach (var path in new[] { "/ws", "/hub" })
        {
            using var socket = new System.Net.WebSockets.ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() =>
                socket.ConnectAsync(new Uri($"ws://{fixture.Server.Authority}{path}?access_token=" + Bad["expired"]()), default)
                    .Within("the refusal"));

            Assert.Equal(HttpStatusCode.Unauthorized, socket.HttpStatusCode);
        }
    }

    [Fact]
    public async Task ClockMayDifferByAsMuchAsIsAllowed()
    {
        var expired = Rsa.Token(new() { ["exp"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 10 });
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await fixture.AskAsync(Kind.Raw, "?token=" + expired)).Status);
        var early = Rsa.Token(new() { ["nbf"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 10 });
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await fixture.AskAsync(Kind.Raw, "?token=" + early)).Status);
    }

    /// <summary>Whatever is changed in a good token, or made up: 401, and nothing else (an exception would be a 500).</summary>
    [Fact]
    public async Task TokensThatWereTamperedWithAreRefused()
    {
        var random = new Random(20261121);
        var good = Rsa.Token();
        for (var i = 0; i < 400; i++)
        {
            var text = new StringBuilder(good);
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                var at = random.Next(text.Length);
                if (random.Next(3) == 0) text.Remove(at, 1);
                else if (random.Next(2) == 0) text.Insert(at, (char)random.Next(33, 127));
                else text[at] = (char)random.Next(33, 127);
            }
            if (i % 4 == 0)
                text.Clear().Append(TestKey.Text(Bytes(random))).Append('.')
                    .Append(TestKey.Text(Bytes(random))).Append('.').Append(TestKey.Text(Bytes(random)));
            if (SameSignature(text.ToString(), good)) continue;

            var (status, _) = await fixture.AskAsync(
                Kind.Raw, "", headers => headers.TryAddWithoutValidation("Authorization", "Bearer " + text));

            Assert.True(status == HttpStatusCode.Unauthorized, $"{status} for {text}");
        }
    }

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[random.Next(1, 60)];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Two bits of a signature's last character do not count.</summary>
    private static bool SameSignature(string text, string good) => text.Length == good.Length && text[..^1] == good[..^1];

    private static string WithoutSignature(string algorithm) =>
        Rsa.Token(header: new() { ["alg"] = algorithm }) is var token ? token[..(token.LastIndexOf('.') + 1)] : "";

    private static string Forged(TestKey known, byte[] secret) => TestKey.Symmetric(secret).Token(header: new() { ["kid"] = known.Id });

    private static string Resigned(string old, string now) =>
        Signed(
            Encoding.UTF8.GetString(
                System.Buffers.Text.Base64Url.DecodeFromChars(Rsa.Token().Split('.')[1])).Replace(old, now, StringComparison.Ordinal));

    private static string Signed(string claims)
    {
        var input = Rsa.Token().Split('.')[0] + "." + TestKey.Text(Encoding.UTF8.GetBytes(claims));
        return input + "." + TestKey.Text(Rsa.Sign(Encoding.ASCII.GetBytes(input)));
    }

    private static string Exchanged()
    {
        var (mine, other) = (Rsa.Token().Split('.'), Rsa.Token(new() { ["sub"] = "admin" }).Split('.'));
        return $"{mine[0]}.{other[1]}.{mine[2]}";
    }
}
